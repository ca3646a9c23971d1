import { setTimeout as pause } from 'node:timers/promises'
import { Consumer } from '../../src/index.ts'
import { heldMemory } from '../support/held-memory.ts'

/**
 * Reads so many records through a handler that is slower than the broker, and prints now and then
 * how many they were and what memory it takes, as JSON lines.
 */
const [bootstrapServers = '', topic = '', messages = '0'] = process.argv.slice(2)
const wanted = Number(messages)
const READINGS = 40

const consumer = new Consumer({
  'bootstrap.servers': bootstrapServers,
  'prefetch.max.bytes': 8 * 1024 * 1024,
})
const partitions = await consumer.partitionsFor(topic)
await consumer.assign(partitions.map(({ partition }) => ({ topic, partition, offset: 'earliest' })))
let count = 0
let bytes = 0
for await (const { key, value } of consumer) {
  bytes += (key?.length ?? 0) + (value?.length ?? 0)
  count++
  if (count % 2_000 === 0) await pause(5)
  if (count % Math.floor(wanted / READINGS) === 0) {
    const { bufferedBytes } = consumer.metrics()
    process.stdout.write(`${JSON.stringify({ count, bytes, ...heldMemory(), bufferedBytes })}\n`)
  }
  if (count === wanted) consumer.stop()
}
await consumer.close()
