import { Consumer, Producer, readProcessWrite, stringDeserializer } from '../../src/index.ts'

/**
 * Reads `in`, doubles each number, writes it to `out`, offsets and all in one transaction a batch.
 * Runs until it is killed; whatever goes wrong ends it, and whoever started it starts it again.
 */
const [bootstrapServers = '', source = '', target = '', group = '', transactionalId = ''] =
  process.argv.slice(2)

const producer = new Producer({
  'bootstrap.servers': bootstrapServers,
  'transactional.id': transactionalId,
  'transaction.timeout.ms': 20_000,
})
const consumer = new Consumer(
  {
    'bootstrap.servers': bootstrapServers,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
    'isolation.level': 'read_committed',
    'session.timeout.ms': 6_000,
    'heartbeat.interval.ms': 1_000,
    // Small transactions, so that a kill meets every moment of one.
    'max.partition.fetch.bytes': 2_000,
  },
  { value: stringDeserializer },
)

await producer.initTransactions()
await consumer.subscribe([source])
process.stdout.write('ready\n')
await readProcessWrite(consumer, producer, {
  eachBatch: (batch, tx) => {
    for (const { key, value } of batch) {
      tx.produce({ topic: target, key, value: String(Number(value) * 2) })
    }
  },
})
