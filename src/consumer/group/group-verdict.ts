import { KafkaError } from '../../errors.ts'

/** What a member does about an error of its group's coordinator. */
export type GroupVerdict =
  /** Join again: the group is being shared out anew. */
  | 'rejoin'
  /** The group has gone on without us: what we own may be another's by now. Join again. */
  | 'lose'
  /** The same, and our member id is of no more use. */
  | 'forget'
  /** Ask again after a rest, of whoever coordinates then. */
  | 'retry'
  /** No try will help. */
  | 'fatal'

const verdicts: Readonly<Record<string, GroupVerdict>> = {
  REBALANCE_IN_PROGRESS: 'rejoin',
  ILLEGAL_GENERATION: 'lose',
  UNKNOWN_MEMBER_ID: 'forget',
  UNRELEASED_INSTANCE_ID: 'retry',
  STALE_MEMBER_EPOCH: 'rejoin',
  FENCED_MEMBER_EPOCH: 'lose',
  FENCED_INSTANCE_ID: 'fatal',
  UNKNOWN_SERVER_ERROR: 'retry',
}

const hints: Readonly<Record<string, string>> = {
  INCONSISTENT_GROUP_PROTOCOL:
    'the other members of the group use another partition.assignment.strategy, or another protocol',
  FENCED_INSTANCE_ID: 'another consumer runs with the same group.instance.id',
  INVALID_SESSION_TIMEOUT:
    'session.timeout.ms must lie between group.min. and group.max.session.timeout.ms of the broker',
  GROUP_AUTHORIZATION_FAILED: 'this user may not READ the group',
  GROUP_MAX_SIZE_REACHED: 'the broker has group.max.size set',
  UNSUPPORTED_ASSIGNOR: 'see group.consumer.assignors of the broker',
  UNSUPPORTED_VERSION:
    "set group.protocol to 'classic': this broker does not know the new protocol",
  INVALID_REGULAR_EXPRESSION: 'the broker matches by RE2: no look-around, no back-references',
}

export function groupVerdict(error: Error): GroupVerdict {
  if (!(error instanceof KafkaError)) return 'fatal'
  return verdicts[error.code] ?? (error.retriable ? 'retry' : 'fatal')
}

/** The error as the program shall see it: with what to do about it, where we know. */
export function fatalGroupError(group: string, cause: Error): KafkaError {
  const code = cause instanceof KafkaError ? cause.code : 'GROUP_FAILED'
  return new KafkaError({
    code,
    message: `the consumer can't be a member of group ${group}: ${cause.message}`,
    hint: hints[code],
    fatal: true,
    cause,
  })
}

/** The program's silence is over the limit; the group can't wait for it. */
export function pollTimeout(limitMs: number, stuckMs: number): KafkaError {
  return new KafkaError({
    code: 'MAX_POLL_INTERVAL_EXCEEDED',
    message:
      `the program has worked for ${Math.round(stuckMs)} ms without asking for more, and ` +
      `max.poll.interval.ms is ${limitMs}: its partitions go to other members`,
    hint: 'raise max.poll.interval.ms, do less at a time, or work on several partitions at once',
  })
}
