/**
 * Memory while records are produced as fast as they go. Arguments: bootstrap servers, number of
 * records, file with the records. Prints the resident size at a hundred places.
 */
import { readFileSync } from 'node:fs'

const { Producer } = await import(process.env.POSTHASTE)
const [bootstrap, count, file] = process.argv.slice(2)
const messages = Number(count)
const SAMPLES = 100
const pool = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => line.split('\t'))
  .map(([key, value]) => ({ topic: 'scale', key: Buffer.from(key), value: Buffer.from(value) }))
const mebibytes = () => Math.round(process.memoryUsage.rss() / 2 ** 20)
const aloneMiB = mebibytes()
const settings = { 'bootstrap.servers': bootstrap, 'linger.ms': 10, 'batch.size': 131_072 }
const producer = new Producer(settings)
const samples = [{ messages: 0, rssMiB: aloneMiB }]
const every = Math.max(1, Math.floor(messages / SAMPLES))
for (let i = 1; i <= messages; i++) {
  if (!producer.produce(pool[i % pool.length])) await producer.drain()
  if (i % every === 0) samples.push({ messages: i, rssMiB: mebibytes() })
}
await producer.flush()
const { recordsDelivered: delivered } = producer.metrics()
await producer.close()
const peakMiB = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ delivered, aloneMiB, peakMiB, samples })}\n`)
