import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { EmbeddedCluster } from '../../broker/index.ts'
import {
  type Admin,
  adminOptions,
  Consumer,
  consumerOptions,
  orThrow,
  Producer,
  producerOptions,
} from '../../index.ts'
import { contact } from '../contact.ts'
import { checksOf, groupChecksOf, type ReadRecord } from '../demo/checks.ts'
import { evolve } from '../demo/evolution.ts'
import { type GroupPlaces, Groups } from '../demo/groups.ts'
import { exampleOrders, type Order } from '../demo/orders.ts'
import { DemoReport } from '../demo/report.ts'
import { exitCodes } from '../exit.ts'
import { type MetricsFlags, metricsOptions, startMetrics } from '../metrics.ts'
import { Output } from '../output.ts'
import { settingsFor, settingsIn } from '../settings.ts'

const BROKERS = 3
const PARTITIONS = 6

const examples = `
Examples:
  posthaste demo
  posthaste demo -v
  posthaste demo -X compression.type=zstd
  posthaste demo -b localhost:9092

Starts a cluster of three brokers in this process, sends it the orders of examples/orders.jsonl
with their users as keys, while three groups read them: a dashboard, a fraud check, and a warehouse of
two members, of which one stops in the middle. All is read back and compared. Then the schema of an
order evolves, by a schema registry in this process. With -b it does so on a running cluster, in
topics and groups of its own that are deleted at the end. Exit code 1 where a check fails.`

export function declare(command: Command): void {
  metricsOptions(command)
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await demo(command.optsWithGlobals<MetricsFlags>())
    })
}

/** Sends, reads, compares; gives the exit code. */
async function demo(flags: MetricsFlags): Promise<number> {
  await using _ = await startMetrics(flags)
  const orders = await exampleOrders()
  await using cluster =
    flags.bootstrapServer === undefined
      ? await EmbeddedCluster.start({ brokers: BROKERS, port: 0 })
      : undefined
  const servers = cluster?.bootstrapServers ?? flags.bootstrapServer ?? ''
  const topic = cluster ? 'orders' : `orders-demo-${systemClock.epoch().toString(36)}`
  const there = { ...flags, bootstrapServer: servers }
  const settings = settingsFor(producerOptions, there, {}, consumerOptions)
  using admin = await contact(settings)
  const evolving = `${topic}-avro`
  const prefix = cluster ? '' : `${topic}-`
  const groups: GroupPlaces['names'] = [
    `${prefix}dashboard`,
    `${prefix}fraud-check`,
    `${prefix}warehouse`,
  ]
  const made = await admin.topics.create([
    { name: topic, partitions: PARTITIONS },
    { name: evolving, partitions: 1 },
  ])
  for (const each of made) orThrow(each)
  const out = new Output(process.stdout)
  const report = new DemoReport(out, flags)
  report.began(orders, servers, topic, PARTITIONS)
  try {
    const isGood = await thereAndBack({ orders, topic, evolving, groups, settings, admin, report })
    return isGood ? exitCodes.done : exitCodes.failed
  } finally {
    await out.end()
    if (!cluster) {
      await admin.groups.delete(groups)
      await admin.topics.delete([topic, evolving])
    }
  }
}

interface Journey {
  readonly orders: readonly Order[]
  readonly topic: string
  /** The topic in which the schema evolves. */
  readonly evolving: string
  readonly groups: GroupPlaces['names']
  readonly settings: Readonly<Record<string, unknown>>
  readonly admin: Admin
  readonly report: DemoReport
}

async function thereAndBack(journey: Journey): Promise<boolean> {
  const { orders, topic, evolving, settings, report } = journey
  const consuming = settingsIn(adminOptions, settings)
  const { metrics, sentMs, checks: together } = await sendAndRead(journey, consuming)
  const readAt = systemClock.now()
  const back = checksOf(orders, await readAll(topic, consuming))
  report.readBack(back, systemClock.now() - readAt)
  const evolution = await evolve(orders, { topic: evolving, producing: settings, consuming })
  report.evolved(evolution)
  const checks = [...together, ...back, ...evolution.checks]
  report.summed(metrics, sentMs, checks)
  return metrics.recordsFailed === 0 && checks.every(check => check.holds)
}

/** Sends the orders in two halves; between them one of the readers stops. */
async function sendAndRead(journey: Journey, consuming: Readonly<Record<string, unknown>>) {
  const { orders, topic, groups: names, settings, admin, report } = journey
  const places = { topic, partitions: PARTITIONS, settings: consuming, names }
  await using groups = await Groups.start(places)
  report.waiting()
  await using producer = new Producer(settings)
  const half = Math.ceil(orders.length / 2)
  let sentMs = await send(producer, orders.slice(0, half), journey)
  const taking = groups.takeOver()
  sentMs += await send(producer, orders.slice(half), journey)
  const metrics = producer.metrics()
  const [described] = await admin.topics.describe([topic])
  report.sent(metrics, sentMs, orThrow(described!))
  const takeOver = await taking
  const outcome = await groups.outcome(orders.length)
  const checks = groupChecksOf(orders, outcome, takeOver)
  report.readByGroups(outcome, takeOver, checks)
  return { metrics, sentMs, checks }
}

/** Sends orders and waits for their reports; gives how long it took in milliseconds. */
async function send(
  producer: Producer,
  orders: readonly Order[],
  { topic, report }: Journey,
): Promise<number> {
  const sentAt = systemClock.now()
  for (const order of orders) {
    const record = { topic, key: order.user, value: order.line }
    producer.produce(record, (error, delivery) => {
      if (error) process.stderr.write(`posthaste: ${error.message}\n`)
      else report.delivered(order, delivery!)
    })
  }
  await producer.flush()
  return systemClock.now() - sentAt
}

/** All that is in the topic now, each partition in the order of its offsets. */
async function readAll(
  topic: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<ReadRecord[]> {
  await using consumer = new Consumer(settings)
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  await consumer.assign(
    partitions.map(partition => ({ topic, partition, offset: 'earliest' as const })),
  )
  const read: ReadRecord[] = []
  for await (const { partition, offset, key, value } of consumer.messages({ until: 'end' })) {
    read.push({ partition, offset, key: String(key), value: String(value) })
  }
  return read
}
