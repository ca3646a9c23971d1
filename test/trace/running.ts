import { afterAll } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Consumer } from '../../src/index.ts'
import {
  runScenario,
  type Scenario,
  type Step,
  scenarios,
  type Trace,
} from '../../src/trace/index.ts'

/** A cluster for the scenarios of a test file. */
export const cluster = await EmbeddedCluster.start({ brokers: 3 })
afterAll(() => cluster.stop())

const settings = { 'bootstrap.servers': cluster.bootstrapServers }

export function scenario(name: string): Scenario {
  return scenarios.find(each => each.name === name)!
}

export function traceOf(name: string): Promise<Trace> {
  return runScenario(scenario(name), { settings, cluster })
}

/** The events of one kind in a trace. */
export function events<Name extends NonNullable<Step['event']>['name']>(
  { entries }: Trace,
  name: Name,
): Extract<NonNullable<Step['event']>, { name: Name }>[] {
  type Wanted = Extract<NonNullable<Step['event']>, { name: Name }>
  const isWanted = (event: NonNullable<Step['event']>): event is Wanted => event.name === name
  return entries.flatMap(entry =>
    entry.is === 'event' && isWanted(entry.event) ? [entry.event] : [],
  )
}

/** The end of each partition of a topic, as the brokers say. */
export async function logEnds(topic: string): Promise<number[]> {
  await using consumer = new Consumer(settings)
  const { length } = await consumer.partitionsFor(topic)
  const asked = Array.from({ length }, (_, partition) => ({
    topic,
    partition,
    offset: 'latest' as const,
  }))
  return (await consumer.listOffsets(asked)).map(({ offset }) => offset)
}
