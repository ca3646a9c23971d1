import { systemClock } from '../../base/clock.ts'
import { Consumer, Producer, type TopicPartitionStart } from '../../index.ts'
import type { Complaints } from '../complaints.ts'
import type { Interrupt } from '../interrupt.ts'
import { grouped } from '../progress.ts'
import { type ConsumeFigures, inMs, type ProduceFigures, type Span } from './figures.ts'
import { LiveLine } from './live-line.ts'

export interface ProducePlan {
  readonly settings: Readonly<Record<string, unknown>>
  readonly topic: string
  readonly messages: number
  readonly values: readonly Buffer[]
  readonly complaints: Complaints
  readonly interrupt: Interrupt
  /** Whether a line tells how it goes. */
  readonly isLive: boolean
}

/** Produces as fast as the buffer empties; ends early, in order, when it is interrupted. */
export async function produceAll(plan: ProducePlan): Promise<ProduceFigures> {
  const { topic, messages, values, complaints, interrupt } = plan
  await using producer = new Producer(plan.settings)
  producer.on('error', error => complaints.add(error.name, error.message))
  // What is measured is the steady state, and not the search for the topic.
  await Promise.race([producer.partitionsFor(topic), interrupt.asked])
  let taken = 0
  let bytes = 0
  const measured = stopwatch()
  const rate = rateOf(() => producer.metrics().recordsDelivered)
  using _line = new LiveLine(process.stderr, plan.isLive, () => {
    const { recordsDelivered, requestsInFlight, deliveryLatencyMs, queueRecords } =
      producer.metrics()
    const perSecond = rate()
    return [
      `${grouped(Math.round(perSecond))}/s`,
      `${Math.floor((recordsDelivered * 100) / messages)}%`,
      `${((perSecond * bytes) / Math.max(1, taken) / 1e6).toFixed(1)} MB/s`,
      `p50 ${inMs(deliveryLatencyMs.p50)} ms`,
      `p99 ${inMs(deliveryLatencyMs.p99)} ms`,
      `in flight ${requestsInFlight}`,
      `waiting ${grouped(queueRecords)}`,
    ]
  })
  while (taken < messages && !interrupt.signal.aborted) {
    const value = values[taken % values.length]!
    const hasRoom = producer.produce({ topic, value })
    taken++
    bytes += value.length
    if (!hasRoom) await Promise.race([producer.drain(), interrupt.asked])
  }
  await producer.flush()
  const { ms, cpuMs } = measured()
  const metrics = producer.metrics()
  const { recordsDelivered: records, recordsFailed: failed } = metrics
  return {
    records,
    bytes: taken === 0 ? 0 : (bytes * records) / taken,
    ms,
    cpuMs,
    failed,
    deliveryLatencyMs: metrics.deliveryLatencyMs,
    requestLatencyMs: metrics.requestLatencyMs,
    batchRecords: metrics.batchRecords,
    batchBytes: metrics.batchBytes,
    compressionRatio: metrics.compressionRatio,
    retries: metrics.batchesRetried,
  }
}

export interface ConsumePlan {
  readonly settings: Readonly<Record<string, unknown>>
  /** Where the records that were produced begin. */
  readonly from: readonly TopicPartitionStart[]
  readonly expected: number
  readonly interrupt: Interrupt
  readonly isLive: boolean
}

/** Reads from where the producing began to the end. */
export async function consumeAll(plan: ConsumePlan): Promise<ConsumeFigures> {
  const { from, expected, interrupt } = plan
  await using consumer = new Consumer(plan.settings)
  interrupt.signal.addEventListener('abort', () => consumer.stop())
  await consumer.assign(from)
  let records = 0
  let bytes = 0
  const measured = stopwatch()
  const rate = rateOf(() => records)
  using _line = new LiveLine(process.stderr, plan.isLive, () => {
    const perSecond = rate()
    return [
      `${grouped(Math.round(perSecond))}/s read`,
      `${Math.min(100, Math.floor((records * 100) / Math.max(1, expected)))}%`,
      `${((perSecond * bytes) / Math.max(1, records) / 1e6).toFixed(1)} MB/s`,
      `fetch p99 ${inMs(consumer.metrics().fetchLatencyMs.p99)} ms`,
    ]
  })
  for await (const batch of consumer.batches({ until: 'end' })) {
    for (const { key, value } of batch) {
      records++
      bytes += (key?.length ?? 0) + (value?.length ?? 0)
    }
    if (interrupt.signal.aborted) break
  }
  const { fetches, fetchLatencyMs } = consumer.metrics()
  return { records, bytes, ...measured(), fetches, fetchLatencyMs }
}

/** Starts to measure; the function that it gives reads what has gone by. */
function stopwatch(): () => Pick<Span, 'ms' | 'cpuMs'> {
  const startedAt = systemClock.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { ms: systemClock.now() - startedAt, cpuMs: (user + system) / 1_000 }
  }
}

/** How much a count grows a second, since it was last asked. */
function rateOf(count: () => number): () => number {
  let before = { at: systemClock.now(), count: count() }
  return () => {
    const now = { at: systemClock.now(), count: count() }
    const perSecond = ((now.count - before.count) * 1_000) / Math.max(1, now.at - before.at)
    before = now
    return perSecond
  }
}
