import { flag, type OptionSet } from '../base/options.ts'

/** Settings of the clients that push their metrics. */
export const telemetryOptions = {
  'enable.metrics.push': flag({
    default: true,
    about:
      'Whether the client pushes its metrics to brokers that ask for them (KIP-714). It costs nothing where none does.',
  }),
} satisfies OptionSet
