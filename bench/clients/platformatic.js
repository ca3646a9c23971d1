/**
 * @platformatic/kafka: 5,000 records a send (fewer where they would be more than a broker takes
 * for a partition), five sends at a time. Not idempotent: with
 * `idempotent: true` and more than one send in flight it ends with OUT_OF_ORDER_SEQUENCE_NUMBER.
 */
import { Producer } from '@platformatic/kafka'
import { inParallel, measure, oneByOne, work } from './work.js'

const { topic, bytes, mode, codec } = work
const producer = new Producer({
  clientId: 'bench',
  bootstrapBrokers: work.bootstrap.split(','),
  maxInflights: 5,
})

const send = (from, to) => {
  const messages = []
  for (let i = from; i < to; i++) {
    const { key, value } = bytes[i % bytes.length]
    messages.push({ topic, key, value })
  }
  return producer.send({ messages, acks: -1, compression: codec, idempotent: false })
}

let latency = {}
const MOST_BYTES = 5_000_000
const fitting = Math.floor(MOST_BYTES / bytes[0].value.length)
const usual = Math.min(Number(process.env.BATCH ?? 5_000), fitting)
const size = mode.startsWith('batch-') ? Number(mode.slice('batch-'.length)) : usual
const outstanding = mode.startsWith('batch-') ? 10_000 : 5 * size
const ways = {
  latency: async messages => {
    latency = await oneByOne(messages, i => send(i, i + 1))
    return messages
  },
}
await measure(
  ways[mode] ?? (messages => inParallel(messages, size, outstanding, send)),
  () => latency,
)
await producer.close()
