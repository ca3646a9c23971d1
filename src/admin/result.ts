import { BrokerError, ConfigError, type ErrorPlace, KafkaError } from '../errors.ts'

const UNKNOWN_SERVER_ERROR = -1

/** An item that goes by a name; a topic that was given by its id goes by that. */
export interface Named {
  readonly name: string
}

/** One partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/**
 * What became of one item of a call that names several: each succeeds or fails alone. `Item` says
 * which one it is: a `name`, or `topic` and `partition`, or whatever the call was given.
 *
 * @example
 * for (const result of await admin.topics.create([{ name: 'orders', partitions: 6 }])) {
 *   if (result.is === 'failed') console.error(result.name, result.error.message)
 * }
 */
export type ItemResult<T, Item = Named> = Item &
  (
    | { readonly is: 'done'; readonly value: T }
    | { readonly is: 'failed'; readonly error: KafkaError }
  )

/** The fields by which Kafka's answers tell of one item. */
export interface ItemAnswer {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

export function done<T, Item>(item: Item, value: T): ItemResult<T, Item> {
  return { ...item, is: 'done', value }
}

export function failed<Item>(item: Item, error: KafkaError): ItemResult<never, Item> {
  return { ...item, is: 'failed', error }
}

/** An item's part of an answer as its result; `undefined` where the answer passed it over. */
export function itemResult<T, Item>(
  item: Item,
  answer: ItemAnswer | undefined,
  at: ErrorPlace,
  value: T,
): ItemResult<T, Item> {
  if (answer?.errorCode === 0) return done(item, value)
  return failed(item, itemError(answer, at))
}

/** The error of an item's part of an answer. */
export function itemError(answer: ItemAnswer | undefined, at: ErrorPlace): BrokerError {
  const silent = { errorCode: UNKNOWN_SERVER_ERROR, errorMessage: 'the answer says nothing of it' }
  const { errorCode, errorMessage } = answer ?? silent
  return new BrokerError(errorCode, at, errorMessage)
}

/** What a promise comes to, as a result; only a KafkaError is an outcome, all else is a bug. */
export async function settled<T, Item>(
  item: Item,
  promise: Promise<T>,
): Promise<ItemResult<T, Item>> {
  try {
    return done(item, await promise)
  } catch (error) {
    if (error instanceof KafkaError) return failed(item, error)
    throw error
  }
}

/**
 * The value of a result, or its error thrown: for callers with one item, or for whom any failure
 * is the end.
 *
 * @example
 * const [orders] = (await admin.topics.describe(['orders'])).map(orThrow)
 */
export function orThrow<T>(result: ItemResult<T, object>): T {
  if (result.is === 'failed') throw result.error
  return result.value
}

/** Refuses a single item, or none, where a call takes several: most take a list, and give one. */
export function mustBeList(call: string, given: unknown, of: string): void {
  if (Array.isArray(given)) return
  const got = given === null ? 'null' : typeof given
  throw new ConfigError(`${call}() takes a list, such as ${of}, got ${got}`)
}

/** Refuses what is no offset before anything is sent: brokers would store or delete by it. */
export function mustBeOffset(offset: number, topic: string, partition: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return
  throw new ConfigError(
    `the offset of ${topic} [${partition}] must be a whole number from 0, got ${offset}`,
  )
}
