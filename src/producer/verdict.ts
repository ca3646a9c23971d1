import { errorByCode } from '../protocol/errors.ts'

/** What to do with a batch that a broker answered with an error code. */
export type Verdict =
  /** It is in the log. */
  | 'delivered'
  /** Send it again, as it is. */
  | 'retry'
  /** The same, once it is known who leads the partition now. */
  | 'refresh'
  /** Send its records again in smaller batches. */
  | 'split'
  /** The sequence is broken: go on under a new epoch (KIP-360). */
  | 'renew'
  /** It will never be accepted. */
  | 'fail'
  /** Nothing of this producer will be accepted any more. */
  | 'fatal'

export interface BatchFacts {
  readonly idempotent: boolean
  readonly transactional: boolean
  /** Whether every batch before it in its partition is settled. */
  readonly isFirst: boolean
  readonly count: number
}

const UNKNOWN_SERVER_ERROR = -1
const MESSAGE_TOO_LARGE = 10
const RECORD_LIST_TOO_LARGE = 18
const OUT_OF_ORDER_SEQUENCE_NUMBER = 45
const DUPLICATE_SEQUENCE_NUMBER = 46
const INVALID_PRODUCER_EPOCH = 47
const TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
const UNKNOWN_PRODUCER_ID = 59
const PRODUCER_FENCED = 90
const CLUSTER_AUTHORIZATION_FAILED = 31

/** Judges an answer. Pure: everything that it depends on is given. */
export function verdict(errorCode: number, batch: BatchFacts): Verdict {
  switch (errorCode) {
    case 0:
    case DUPLICATE_SEQUENCE_NUMBER:
      return 'delivered'
    case MESSAGE_TOO_LARGE:
    case RECORD_LIST_TOO_LARGE:
      return batch.count > 1 ? 'split' : 'fail'
    case OUT_OF_ORDER_SEQUENCE_NUMBER:
    case UNKNOWN_PRODUCER_ID:
      if (!batch.idempotent) return 'fail'
      // While an earlier batch is being tried again, those behind it are out of order by nature.
      if (!batch.isFirst) return 'retry'
      return batch.transactional ? 'fail' : 'renew'
    case INVALID_PRODUCER_EPOCH:
      if (!batch.idempotent) return 'fail'
      // In a transaction: fenced, or timed out at the coordinator; aborting it will tell (KIP-588).
      return batch.transactional ? 'fail' : 'renew'
    case PRODUCER_FENCED:
    case TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return 'fatal'
    case CLUSTER_AUTHORIZATION_FAILED:
      return batch.idempotent ? 'fatal' : 'fail'
    case UNKNOWN_SERVER_ERROR:
      return 'fail'
    default: {
      const { retriable, refreshesMetadata } = errorByCode(errorCode)
      return refreshesMetadata ? 'refresh' : retriable ? 'retry' : 'fail'
    }
  }
}

/** The errors after which a batch may be in the log although the broker did not confirm it. */
const appendedPerhaps = new Set([-1, 7, 20])

/** REQUEST_TIMED_OUT and NOT_ENOUGH_REPLICAS_AFTER_APPEND come after the leader's own append. */
export function mayHaveAppended(errorCode: number): boolean {
  return appendedPerhaps.has(errorCode)
}
