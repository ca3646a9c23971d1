import type { Attributes, Histogram, Meter, ObservableResult } from '@opentelemetry/api'
import { type Clock, systemClock } from '../base/clock.ts'
import { Hearing } from '../metrics/hearing.ts'
import { listenToOperation, type OperationFacts, type OperationOutcome } from '../operations.ts'
import { openClients } from '../readings.ts'
import {
  DESTINATION,
  ERROR_TYPE,
  errorType,
  groupAttributes,
  operationAttributes,
  PARTITION,
  serverAttributes,
} from './attributes.ts'

/** Upper bounds in seconds, as the conventions want them. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** What is known of a client while it works. */
interface Known {
  group: string | undefined
}

/**
 * The four metrics of the conventions for messaging clients: how long operations took, how many
 * messages were sent and consumed, how long handlers took.
 */
export function startConventionalMeters(meter: Meter, clock: Clock = systemClock): () => void {
  const durations = seconds(
    meter,
    'messaging.client.operation.duration',
    'Duration of messaging operation initiated by a producer or consumer client.',
  )
  const stops = [
    countSent(meter, durations, clock),
    listenToOperation('receive', ({ facts: { group, batch, askedAt } }) => {
      durations.record((clock.epoch() - askedAt) / 1000, {
        ...operationAttributes('poll', 'receive'),
        ...groupAttributes(group),
        [DESTINATION]: batch.topic,
        [PARTITION]: String(batch.partition),
      })
    }),
    hearConsumers(meter, durations),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function countSent(meter: Meter, durations: Histogram, clock: Clock): () => void {
  const sent = meter.createCounter('messaging.client.sent.messages', {
    description: 'Number of messages producer attempted to send to the broker.',
    unit: '{message}',
  })
  return listenToOperation('publish', operation => {
    const began = clock.now()
    const { facts } = operation
    operation.attend({
      ended: outcome => {
        const attributes = publishAttributes(facts, outcome)
        sent.add(facts.records, attributes)
        durations.record((clock.now() - began) / 1000, attributes)
      },
    })
  })
}

function publishAttributes(
  { topic, partition, broker }: OperationFacts<'publish'>,
  { error }: OperationOutcome<'publish'>,
): Attributes {
  return {
    ...operationAttributes('publish', 'send'),
    ...serverAttributes(broker),
    [DESTINATION]: topic,
    [PARTITION]: String(partition),
    ...errorAttributes(error),
  }
}

function errorAttributes(error: unknown): Attributes {
  return error === undefined ? {} : { [ERROR_TYPE]: errorType(error) }
}

/** Messages are only counted as they are handed out, and told when the SDK collects. */
function hearConsumers(meter: Meter, durations: Histogram): () => void {
  const handling = seconds(meter, 'messaging.process.duration', 'Duration of processing operation.')
  const counts = new Consumed()
  const hearing = new Hearing<Known>(
    () => true,
    () => ({ group: undefined }),
  )
  hearing.on('group:moved', (known, { group }) => {
    known.group = group
  })
  hearing.on('records:handed', ({ group }, { topic, partition, records }) => {
    counts.add(group, topic, partition, records)
  })
  hearing.on('handler:ended', ({ group }, { topic, partition, latencyMs, error }) => {
    handling.record(latencyMs / 1000, {
      ...operationAttributes('process', 'process'),
      ...groupAttributes(group),
      [DESTINATION]: topic,
      [PARTITION]: String(partition),
      ...errorAttributes(error),
    })
  })
  const commit = ({ group, latencyMs, error }: Commit) => {
    durations.record(latencyMs / 1000, {
      ...operationAttributes('commit', 'settle'),
      ...groupAttributes(group),
      ...errorAttributes(error),
    })
  }
  hearing.on('offsets:committed', (_, event) => commit(event))
  hearing.on('offsets:refused', (_, event) => commit(event))
  const consumed = meter.createObservableCounter('messaging.client.consumed.messages', {
    description: 'Number of messages that were delivered to the application.',
    unit: '{message}',
  })
  const look = (result: ObservableResult) => {
    hearing.keepOnly(new Set(openClients().map(({ source }) => source.instance)))
    for (const { attributes, count } of counts.all()) result.observe(count, attributes)
  }
  consumed.addCallback(look)
  return () => {
    consumed.removeCallback(look)
    hearing.stop()
  }
}

interface Commit {
  readonly group: string
  readonly latencyMs: number
  readonly error?: Error
}

/** How many records programs got, by group and place. */
class Consumed {
  readonly #counts = new Map<string, { readonly attributes: Attributes; count: number }>()

  add(group: string | undefined, topic: string, partition: number, records: number): void {
    const key = `${group ?? ''} ${topic} ${partition}`
    const found = this.#counts.get(key)
    if (found) {
      found.count += records
      return
    }
    const attributes = {
      ...operationAttributes('poll', 'receive'),
      ...groupAttributes(group),
      [DESTINATION]: topic,
      [PARTITION]: String(partition),
    }
    this.#counts.set(key, { attributes, count: records })
  }

  all(): Iterable<{ readonly attributes: Attributes; readonly count: number }> {
    return this.#counts.values()
  }
}

function seconds(meter: Meter, name: string, description: string): Histogram {
  const advice = { explicitBucketBoundaries: SECONDS }
  return meter.createHistogram(name, { description, unit: 's', advice })
}
