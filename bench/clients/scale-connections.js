/**
 * Many producers in one process. Arguments: bootstrap servers, number of producers, number of
 * records. Prints how long the first record of all takes, what a record costs when all of them
 * produce, and what the process costs when none does.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'

const { Producer } = await import(process.env.POSTHASTE)
const [bootstrap, count, messages] = process.argv.slice(2)
const value = Buffer.alloc(200, 'v')
const IDLE_S = 3

const start = performance.now()
const producers = Array.from(
  { length: Number(count) },
  (_, i) => new Producer({ 'bootstrap.servers': bootstrap, 'client.id': `p${i}`, 'linger.ms': 10 }),
)
const record = i => ({ topic: 'scale', key: `user-${i % 1000}`, value })
await Promise.all(producers.map((producer, i) => producer.send(record(i))))
const firstMs = performance.now() - start

async function produce(total) {
  const each = Math.ceil(total / producers.length)
  await Promise.all(
    producers.map(async producer => {
      for (let i = 0; i < each; i++) {
        if (!producer.produce(record(i))) await producer.drain()
      }
      await producer.flush()
    }),
  )
  return each * producers.length
}
await produce(Number(messages) / 5)
let cpu = process.cpuUsage()
const delivered = await produce(Number(messages))
let { user, system } = process.cpuUsage(cpu)
const cpuMicros = (user + system) / delivered

cpu = process.cpuUsage()
await new Promise(resolve => setTimeout(resolve, IDLE_S * 1000))
;({ user, system } = process.cpuUsage(cpu))
const idleCpuPercent = (user + system) / 1e4 / IDLE_S
const open = readdirSync('/proc/self/fd')
  .map(fd => `/proc/self/fd/${fd}`)
  .filter(existsSync)
const connections = open.filter(fd => statSync(fd).isSocket()).length
await Promise.all(producers.map(producer => producer.close()))
const rssMiB = process.resourceUsage().maxRSS / 1024
const figures = { producers: producers.length, connections, firstMs, cpuMicros, idleCpuPercent }
process.stdout.write(`${JSON.stringify({ ...figures, rssMiB })}\n`)
