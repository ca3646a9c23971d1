import type { ConfigTable } from './config-table.ts'

/** The settings that a single group may have, with the broker's setting that each overrides. */
export const groupResourceConfigs = {
  'consumer.heartbeat.interval.ms': {
    type: 'int',
    fallback: '5000',
    min: 1,
    brokerName: 'group.consumer.heartbeat.interval.ms',
    about: 'How often a member of this consumer group is asked to heartbeat.',
  },
  'consumer.session.timeout.ms': {
    type: 'int',
    fallback: '45000',
    min: 1,
    brokerName: 'group.consumer.session.timeout.ms',
    about: 'After how long a silent member of this consumer group is put out.',
  },
} as const satisfies ConfigTable
