import { errorByCode } from '../protocol/errors.ts'

/** What to do about one partition's answer to a fetch. */
export type FetchVerdict =
  /** Take the records. */
  | 'take'
  /** The same again, after a rest. */
  | 'retry'
  /** The leader is another one: learn which, then again. */
  | 'refresh'
  /** The replica that was asked does not have it: ask the leader. */
  | 'askLeader'
  /** The offset is not in the log: by `auto.offset.reset`. The only way to a reset. */
  | 'reset'
  /** No try will help: the program must know. */
  | 'fail'

const OFFSET_OUT_OF_RANGE = 1
/** A broker that failed for once: Java's consumer asks again as well. */
const UNKNOWN_SERVER_ERROR = -1

/**
 * The answer to an error code. Nothing but OFFSET_OUT_OF_RANGE by the leader itself leads to a
 * reset: an error that is taken for "no position" loses or repeats records without a word.
 */
export function fetchVerdict(errorCode: number, fromFollower: boolean): FetchVerdict {
  if (errorCode === 0) return 'take'
  if (errorCode === OFFSET_OUT_OF_RANGE) return fromFollower ? 'askLeader' : 'reset'
  if (errorCode === UNKNOWN_SERVER_ERROR) return 'retry'
  const { retriable, refreshesMetadata } = errorByCode(errorCode)
  if (refreshesMetadata) return 'refresh'
  return retriable ? 'retry' : 'fail'
}
