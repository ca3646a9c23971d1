/**
 * kafkajs: 5,000 records a send, which its documentation recommends over one at a time. It allows
 * one request in flight where it is idempotent. Of the codecs it has gzip alone built in.
 */
import kafkajs from 'kafkajs'
import { inParallel, measure, oneByOne, work } from './work.js'

const { topic, bytes, mode } = work
const compression = kafkajs.CompressionTypes[work.codec === 'none' ? 'None' : 'GZIP']
const client = new kafkajs.Kafka({
  brokers: work.bootstrap.split(','),
  logLevel: kafkajs.logLevel.ERROR,
})
const producer = client.producer({
  idempotent: true,
  maxInFlightRequests: 1,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
})
await producer.connect()

const send = (from, to) => {
  const messages = []
  for (let i = from; i < to; i++) messages.push(bytes[i % bytes.length])
  return producer.send({ topic, acks: -1, compression, messages })
}

let latency = {}
const usual = Number(process.env.BATCH ?? 5_000)
const size = mode.startsWith('batch-') ? Number(mode.slice('batch-'.length)) : usual
const ways = {
  latency: async messages => {
    latency = await oneByOne(messages, i => send(i, i + 1))
    return messages
  },
}
await measure(
  ways[mode] ?? (messages => inParallel(messages, size, Math.max(size, 10_000), send)),
  () => latency,
)
await producer.disconnect()
