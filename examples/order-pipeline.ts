/**
 * One topic, three readers: each group reads every order at its own pace, and none knows of the
 * others. `npm run demo` shows the same with members that share a group.
 *
 *     npx tsx examples/order-pipeline.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, type ConsumerOptions, Producer, stringDeserializer } from '../src/index.ts'

const ORDERS = 300

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start({ defaultPartitions: 3 })
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await cluster.createTopic('orders')

  let [total, suspicious] = [0, 0]
  const packed: string[] = []
  const readers = [
    readOrders(servers, 'dashboard', (_, amount) => {
      total += amount
    }),
    readOrders(servers, 'fraud-check', (_, amount) => {
      if (amount > 250) suspicious++
    }),
    readOrders(servers, 'warehouse', id => {
      packed.push(id)
    }),
  ]

  await using producer = new Producer(servers)
  for (let i = 0; i < ORDERS; i++) {
    producer.produce({ topic: 'orders', key: `order-${i}`, value: `${i}` })
  }
  await producer.flush()
  await Promise.all(readers)

  print(`dashboard: ${total} in all`)
  print(`fraud check: ${suspicious} to look at`)
  print(`warehouse: ${new Set(packed).size} orders to pack`)
}

async function readOrders(
  servers: ConsumerOptions,
  group: string,
  work: (id: string, amount: number) => void,
): Promise<void> {
  await using consumer = new Consumer(
    { ...servers, 'group.id': group, 'auto.offset.reset': 'earliest' },
    { key: stringDeserializer, value: stringDeserializer },
  )
  await consumer.subscribe(['orders'])
  let read = 0
  for await (const { key, value } of consumer) {
    work(`${key}`, Number(value))
    if (++read === ORDERS) return
  }
}

if (process.argv[1] === import.meta.filename) await main(console.log)
