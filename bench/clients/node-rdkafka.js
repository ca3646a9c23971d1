/** node-rdkafka: librdkafka behind a native binding, with delivery reports. */
import rdkafka from 'node-rdkafka'
import { measure, work } from './work.js'

const { topic, bytes, codec } = work
const producer = new rdkafka.Producer({
  'metadata.broker.list': work.bootstrap,
  'enable.idempotence': true,
  'linger.ms': 10,
  'batch.size': 131_072,
  'compression.codec': codec,
  'queue.buffering.max.messages': 100_000,
  partitioner: 'murmur2_random',
  dr_cb: true,
})
await new Promise((resolve, reject) => {
  producer.on('ready', resolve)
  producer.on('event.error', reject)
  producer.connect()
})
producer.setPollInterval(Number(process.env.POLL_MS ?? 5))

let reported = 0
let heard = () => {}
producer.on('delivery-report', error => {
  if (error) throw error
  reported++
  heard()
})

async function produce(messages) {
  reported = 0
  for (let i = 0; i < messages; ) {
    const { key, value } = bytes[i % bytes.length]
    try {
      producer.produce(topic, null, value, key)
      i++
    } catch (error) {
      if (error.code !== rdkafka.CODES.ERRORS.ERR__QUEUE_FULL) throw error
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  await new Promise(resolve => {
    heard = () => {
      if (reported === messages) resolve()
    }
    heard()
  })
  return reported
}

await measure(produce)
producer.disconnect()
