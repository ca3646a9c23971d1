import { ConfigError } from '../../errors.ts'
import type { Message } from '../message.ts'
import type { MessageBatch } from '../message-batch.ts'

/** What a handler of `run()` is told beside the record. */
export interface HandlerContext {
  /** Aborts when the partition went to another member and the time to finish is over. */
  readonly signal: AbortSignal
  /** 1 at the first try. */
  readonly attempt: number
}

/** What becomes of a record, or a batch, whose handler failed. */
export interface FailurePolicy<Key, Value> {
  /** How often a handler is tried in all. Default: 1. */
  readonly attempts?: number
  /** The wait before the second try in milliseconds; it doubles. Default: 100. */
  readonly backoffMs?: number
  /** The longest wait. Default: 10,000. */
  readonly maxBackoffMs?: number
  /**
   * Whether what lies behind in the same partition, or key, waits while one waits for its next try.
   * False lets up to 1,000 behind it go on: its order is given up, and no commit passes it.
   * Default: true.
   */
  readonly blocking?: boolean
  /**
   * Takes a message that failed for good, as into a dead-letter topic (see `deadLetterRecord`).
   * When it is done the message counts as processed; without it, or if it fails, the run ends.
   */
  readonly deadLetter?: (
    message: Message<Key, Value>,
    failure: { readonly error: Error; readonly attempts: number },
  ) => void | Promise<void>
}

interface Common<Key, Value> {
  /** How many handlers work at the same time. Default: 1. */
  readonly concurrency?: number
  readonly onFailure?: FailurePolicy<Key, Value>
}

/** How `run` works: by message or by batch, how many at a time, in what order. */
export type RunOptions<Key = Buffer, Value = Buffer> = Common<Key, Value> &
  (
    | {
        readonly eachMessage: (
          message: Message<Key, Value>,
          context: HandlerContext,
        ) => void | Promise<void>
        /**
         * Within what the order is kept: a partition (default), or a key, where messages of other
         * keys in the same partition may overtake. Messages without a key have no order then.
         */
        readonly orderedBy?: 'partition' | 'key'
        readonly eachBatch?: never
      }
    | {
        readonly eachBatch: (
          batch: MessageBatch<Key, Value>,
          context: HandlerContext,
        ) => void | Promise<void>
        readonly orderedBy?: 'partition'
        readonly eachMessage?: never
      }
  )

export function checkRunOptions<Key, Value>(options: RunOptions<Key, Value>): void {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError('run() needs an object with eachMessage or eachBatch')
  }
  const { concurrency = 1, onFailure: { attempts = 1 } = {} } = options
  if ((options.eachMessage === undefined) === (options.eachBatch === undefined)) {
    throw new ConfigError('run() needs one of eachMessage and eachBatch')
  }
  for (const [name, value] of Object.entries({ concurrency, 'onFailure.attempts': attempts })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new ConfigError(`${name} must be a whole number of at least 1, got ${value}`)
  }
}
