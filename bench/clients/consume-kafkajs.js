/** kafkajs, batch by batch, which is its cheapest way; without compression, as it has no codecs. */
import { Kafka, logLevel } from 'kafkajs'
import { measure, work } from './work.js'

const kafka = new Kafka({ brokers: work.bootstrap.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `bench-${process.pid}` })
let bytes = 0
let left = 0
let done = () => {}
let isRunning = false

await consumer.connect()
await consumer.subscribe({ topic: work.topic, fromBeginning: true })
await measure(consume, () => ({ touched: bytes }))
process.exit(0)

async function consume(messages) {
  left += messages
  const over = new Promise(resolve => {
    done = resolve
  })
  if (left <= 0) return messages
  if (!isRunning) {
    isRunning = true
    await consumer.run({ eachBatch, partitionsConsumedConcurrently: 1 })
  }
  await over
  return messages
}

async function eachBatch({ batch }) {
  for (const { key, value } of batch.messages) bytes += key.length + value.length
  left -= batch.messages.length
  if (left <= 0) done()
}
