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
with their users as keys, reads all of them back and compares. With -b it does so on a running
cluster, in a topic of its own that is deleted at the end. Exit code 1 where a check fails.`

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
  const [made] = await admin.createTopics([{ name: topic, partitions: PARTITIONS }])
  orThrow(made!)
  const out = new Output(process.stdout)
  const report = new DemoReport(out, flags)
  report.began(orders, servers, topic, PARTITIONS)
  try {
    const isGood = await thereAndBack({ orders, topic, settings, admin, report })
    return isGood ? exitCodes.done : exitCodes.failed
  } finally {
    await out.end()
    if (!cluster) await admin.deleteTopics([topic])
  }
}

interface Journey {
  readonly orders: readonly Order[]
  readonly topic: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly admin: Admin
  readonly report: DemoReport
}

async function thereAndBack({ orders, topic, settings, admin, report }: Journey): Promise<boolean> {
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
  const [described] = await admin.describeTopics([topic])
  report.sent(metrics, sentMs, orThrow(described!))

  const readAt = systemClock.now()
  const read = await readAll(topic, settings)
  const checks = checksOf(orders, read)
  report.readBack(checks, systemClock.now() - readAt)
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
