import { type Finding, fine, problem, warning } from './finding.ts'

/** A time that a broker told, and when here it was asked and had answered; ms since 1970. */
export interface ClockSample {
  readonly askedAt: number
  readonly answeredAt: number
  readonly theirs: number
}

/** Timestamps of records look odd from here on. */
const SEEN_MS = 5_000
/** Tokens and certificates fail, and KIP-937 has brokers refuse records of the future. */
const HARMFUL_MS = 300_000

/**
 * How far apart the clocks of the cluster's controller and of this machine are. The broker read its
 * clock somewhere between question and answer, so that half the time between is the uncertainty.
 */
export function checkClock({ askedAt, answeredAt, theirs }: ClockSample): Finding {
  const check = 'clock'
  const middle = (askedAt + answeredAt) / 2
  const ahead = middle - theirs
  const sure = Math.max(0, Math.abs(ahead) - (answeredAt - askedAt) / 2)
  const words = `this machine's clock is ${inWords(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the cluster's`
  if (sure < SEEN_MS)
    return fine(check, `as the cluster's, within ${inWords(answeredAt - askedAt + sure)}`)
  const advice =
    'set both by NTP (timedatectl). Records carry the time of the producer; certificates and tokens are judged by the clock'
  return sure < HARMFUL_MS
    ? warning(check, words, advice)
    : problem(
        check,
        words,
        `${advice}; a topic refuses records that are too far ahead (message.timestamp.after.max.ms: INVALID_TIMESTAMP)`,
      )
}

function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(1, Math.ceil(ms))} ms`
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return `${Math.round(ms / 3_600_000)} h`
}
