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
import { checksOf, type ReadRecord } from '../demo/checks.ts'
import { evolve } from '../demo/evolution.ts'
import { exampleOrders, type Order } from '../demo/orders.ts'
import { DemoReport } from '../demo/report.ts'
import { exitCodes } from '../exit.ts'
import { Output } from '../output.ts'
import { type CommonFlags, settingsFor, settingsIn } from '../settings.ts'

const BROKERS = 3
const PARTITIONS = 6

const examples = `
Examples:
  posthaste demo
  posthaste demo -v
  posthaste demo -X compression.type=zstd
  posthaste demo -b localhost:9092

Starts a cluster of three brokers in this process, sends it the orders of examples/orders.jsonl
with their users as keys, reads all of them back and compares. Then the schema of an order evolves,
by a schema registry in this process. With -b it does so on a running cluster, in topics of its own
that are deleted at the end. Exit code 1 where a check fails.`

export function declare(command: Command): void {
  command.addHelpText('after', examples).action(async () => {
    process.exitCode = await demo(command.optsWithGlobals<CommonFlags>())
  })
}

/** Sends, reads, compares; gives the exit code. */
async function demo(flags: CommonFlags): Promise<number> {
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
  const made = await admin.topics.create([
    { name: topic, partitions: PARTITIONS },
    { name: evolving, partitions: 1 },
  ])
  for (const each of made) orThrow(each)
  const out = new Output(process.stdout)
  const report = new DemoReport(out, flags)
  report.began(orders, servers, topic, PARTITIONS)
  try {
    const isGood = await thereAndBack({ orders, topic, evolving, settings, admin, report })
    return isGood ? exitCodes.done : exitCodes.failed
  } finally {
    await out.end()
    if (!cluster) await admin.topics.delete([topic, evolving])
  }
}

interface Journey {
  readonly orders: readonly Order[]
  readonly topic: string
  /** The topic in which the schema evolves. */
  readonly evolving: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly admin: Admin
  readonly report: DemoReport
}

async function thereAndBack(journey: Journey): Promise<boolean> {
  const { orders, topic, evolving, settings, admin, report } = journey
  await using producer = new Producer(settings)
  const sentAt = systemClock.now()
  for (const order of orders) {
    const record = { topic, key: order.user, value: order.line }
    producer.produce(record, (error, delivery) => {
      if (error) process.stderr.write(`posthaste: ${error.message}\n`)
      else report.delivered(order, delivery!)
    })
  }
  await producer.flush()
  const sentMs = systemClock.now() - sentAt
  const metrics = producer.metrics()
  const [described] = await admin.topics.describe([topic])
  report.sent(metrics, sentMs, orThrow(described!))

  const readAt = systemClock.now()
  const read = await readAll(topic, settings)
  const back = checksOf(orders, read)
  report.readBack(back, systemClock.now() - readAt)
  const evolution = await evolve(orders, {
    topic: evolving,
    producing: settings,
    consuming: settingsIn(adminOptions, settings),
  })
  report.evolved(evolution)
  const checks = [...back, ...evolution.checks]
  report.summed(metrics, sentMs, checks)
  return metrics.recordsFailed === 0 && checks.every(check => check.holds)
}

/** All that is in the topic now, each partition in the order of its offsets. */
async function readAll(
  topic: string,
  settings: Readonly<Record<string, unknown>>,
): Promise<ReadRecord[]> {
  await using consumer = new Consumer(settingsIn(adminOptions, settings))
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)
  await consumer.assign(
    partitions.map(partition => ({ topic, partition, offset: 'earliest' as const })),
  )
  const read: ReadRecord[] = []
  for await (const { partition, key, value } of consumer.messages({ until: 'end' })) {
    read.push({ partition, key: String(key), value: String(value) })
  }
  return read
}
