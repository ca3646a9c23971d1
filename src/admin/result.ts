import { BrokerError, type ErrorPlace, type KafkaError } from '../errors.ts'

const UNKNOWN_SERVER_ERROR = -1

/**
 * What became of one item of a request that names several: each succeeds or fails alone.
 *
 * @example
 * for (const result of await admin.createTopics([{ name: 'orders', partitions: 6 }])) {
 *   if (result.is === 'failed') console.error(result.name, result.error.message)
 * }
 */
export type ItemResult<T> =
  | { readonly is: 'done'; readonly name: string; readonly value: T }
  | { readonly is: 'failed'; readonly name: string; readonly error: KafkaError }

/** The fields by which Kafka's answers tell of one item. */
interface ItemAnswer {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

/** An item's part of an answer as its result. */
export function itemResult<T>(
  name: string,
  answer: ItemAnswer,
  at: ErrorPlace,
  value: () => T,
): ItemResult<T> {
  if (answer.errorCode === 0) return { is: 'done', name, value: value() }
  const error = new BrokerError(answer.errorCode, at, answer.errorMessage)
  return { is: 'failed', name, error }
}

/** For an item that an answer passed over. */
export function unanswered(name: string, at: ErrorPlace): ItemResult<never> {
  const error = new BrokerError(UNKNOWN_SERVER_ERROR, at, 'the answer says nothing of it')
  return { is: 'failed', name, error }
}

/** The value of a result, or its error thrown: for callers with one item. */
export function orThrow<T>(result: ItemResult<T>): T {
  if (result.is === 'failed') throw result.error
  return result.value
}
