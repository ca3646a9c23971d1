import type { ConfigTable } from './config-table.ts'

/** The settings of a subscription to clients' metrics (KIP-714). */
export const clientMetricsConfigs = {
  'interval.ms': {
    type: 'int',
    fallback: '300000',
    min: 100,
    max: 3_600_000,
    about: 'How often clients push.',
  },
  match: {
    type: 'list',
    fallback: '',
    about: 'Which clients are meant: name=pattern, of their ids, software or address.',
  },
  metrics: {
    type: 'list',
    fallback: '',
    about: 'The beginnings of the names of metrics that are wanted; * for all.',
  },
} as const satisfies ConfigTable
