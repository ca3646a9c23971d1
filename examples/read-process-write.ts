/**
 * Orders become bills, exactly once: the bills of a batch and the note that its orders were read
 * are one transaction. The first try of one batch fails after its bills were written; nobody who
 * reads committed records ever sees those.
 *
 *     npx tsx examples/read-process-write.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, Producer, readProcessWrite, stringDeserializer } from '../src/index.ts'

const ORDERS = 1_000

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start({ defaultPartitions: 3 })
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  const shop = new Producer(servers)
  const orders = Array.from({ length: ORDERS }, (_, i) => ({
    topic: 'orders',
    key: `order-${i}`,
    value: `${i}`,
  }))
  await shop.sendBatch(orders)
  await shop.close()

  await using producer = new Producer({ ...servers, 'transactional.id': 'billing-1' })
  await using consumer = new Consumer(
    {
      ...servers,
      'group.id': 'billing',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
      'isolation.level': 'read_committed',
    },
    { value: stringDeserializer },
  )
  await consumer.subscribe(['orders'])
  const bill = async (failsAfter: number): Promise<void> => {
    let billed = 0
    await readProcessWrite(consumer, producer, {
      eachBatch: (batch, tx) => {
        for (const { key, value } of batch) {
          tx.produce({ topic: 'bills', key, value: `${Number(value) * 100} cents` })
          if (++billed === failsAfter) throw new Error('the power went out')
        }
        if (billed === ORDERS) consumer.stop()
      },
    })
  }
  await bill(10).catch((error: Error) => print(`after 10 bills: ${error.message}`))
  await bill(0)
  print(`${await countBills(servers)} bills for ${ORDERS} orders`)
}

async function countBills(servers: { 'bootstrap.servers': string }): Promise<number> {
  await using reader = new Consumer({ ...servers, 'isolation.level': 'read_committed' })
  const partitions = await reader.partitionsFor('bills')
  await reader.assign(
    partitions.map(({ topic, partition }) => ({ topic, partition, offset: 'earliest' })),
  )
  let bills = 0
  for await (const _ of reader.messages({ until: 'end' })) bills++
  return bills
}

if (process.argv[1] === import.meta.filename) await main(console.log)
