/** @platformatic/kafka: its stream, read by a loop; keys and values stay buffers. */
import { Consumer } from '@platformatic/kafka'
import { measure, work } from './work.js'

const consumer = new Consumer({
  clientId: 'bench',
  groupId: `bench-${process.pid}`,
  bootstrapBrokers: work.bootstrap.split(','),
  autocommit: 1_000,
  maxWaitTime: 500,
  maxBytes: 10_485_760,
})
const stream = await consumer.consume({
  topics: [work.topic],
  mode: 'earliest',
  fallbackMode: 'earliest',
  highWaterMark: 8_192,
})
const messages = stream[Symbol.asyncIterator]()
let bytes = 0

await measure(
  async wanted => {
    for (let count = 0; count < wanted; count++) {
      const { value: message } = await messages.next()
      bytes += message.key.length + message.value.length
    }
    return wanted
  },
  () => ({ touched: bytes }),
)
process.exit(0)
