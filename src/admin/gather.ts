import type { KafkaError } from '../errors.ts'
import type { Errand } from './errand.ts'
import { type ItemResult, settled } from './result.ts'

/** A broker that did not give its part of a list. */
export interface BrokerFailure {
  readonly broker: number
  readonly error: KafkaError
}

/** What brokers gave, each its part, and which did not. */
export interface Gathered<T> {
  readonly found: readonly T[]
  readonly failures: readonly BrokerFailure[]
}

/** One result of each broker that is asked. */
export function eachBroker<T>(
  brokers: readonly number[],
  ask: (broker: number) => Promise<T>,
): Promise<ItemResult<T, { readonly broker: number }>[]> {
  return Promise.all(brokers.map(broker => settled({ broker }, ask(broker))))
}

/** The parts of all brokers as one list; the first error where no broker gave anything. */
export async function gather<T>(
  errand: Errand,
  ask: (broker: number) => Promise<readonly T[]>,
): Promise<Gathered<T>> {
  const results = await eachBroker(await errand.brokerIds(), ask)
  const failures = results.flatMap(each =>
    each.is === 'failed' ? [{ broker: each.broker, error: each.error }] : [],
  )
  if (failures[0] && failures.length === results.length) throw failures[0].error
  const found = results.flatMap(each => (each.is === 'done' ? each.value : []))
  return { found, failures }
}
