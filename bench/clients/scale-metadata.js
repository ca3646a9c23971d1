/**
 * The metadata of very many topics, and how long the event loop stands still for it. Arguments:
 * bootstrap servers, number of topics (`topic-0` and so on). Ways to meet them: a list, a pattern
 * that a consumer subscribes to, and a producer that looks at each. `resting`
 * is the longest pause of a process that does nothing: what else runs on the machine.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'

const { Admin, Consumer, Producer } = await import(process.env.POSTHASTE)
const [bootstrap, count] = process.argv.slice(2)
const settings = { 'bootstrap.servers': bootstrap }
const topics = Number(count)
const TIMES = 5
/** Topics that a program looks at in one go. */
const AT_ONCE = 1_000

/**
 * The longest pause while `work` runs, and how long it took. Several times, of which the median is
 * told, with the least and the most: whoever else gets the core makes a pause longer, nobody shorter.
 */
async function watched(work) {
  const longest = []
  let took = 0
  for (let i = 0; i < TIMES; i++) {
    const pauses = monitorEventLoopDelay({ resolution: 1 })
    await new Promise(resolve => setTimeout(resolve, 50))
    pauses.enable()
    const start = performance.now()
    await work()
    took = performance.now() - start
    await new Promise(resolve => setTimeout(resolve, 50))
    pauses.disable()
    longest.push(pauses.max / 1e6)
  }
  longest.sort((a, b) => a - b)
  const pauseMs = { median: longest[TIMES >> 1], min: longest[0], max: longest.at(-1) }
  return { pauseMs, seconds: took / 1000 }
}

const resting = await watched(() => new Promise(resolve => setTimeout(resolve, 1_000)))

const admin = new Admin(settings)
await admin.topics.describe(['topic-0'])
const list = await watched(async () => {
  const { length } = await admin.topics.list()
  if (length < topics) throw new Error(`${length} of ${topics} topics were listed`)
})
admin.close()

const pattern = await watched(async () => {
  const consumer = new Consumer({
    ...settings,
    'group.id': `g-${process.pid}-${performance.now()}`,
  })
  const begun = new Promise(resolve => consumer.on('assigned', resolve))
  await consumer.subscribe(/^topic-99/)
  void consumer.run({ eachMessage: () => {} })
  await begun
  await consumer.close()
})

const looking = await watched(async () => {
  const producer = new Producer(settings)
  for (let from = 0; from < topics; from += AT_ONCE) {
    const some = Array.from(
      { length: AT_ONCE },
      (_, i) => `topic-${Math.min(from + i, topics - 1)}`,
    )
    await Promise.all(some.map(topic => producer.partitionsFor(topic)))
  }
  await producer.close()
})

const rssMiB = process.resourceUsage().maxRSS / 1024
process.stdout.write(`${JSON.stringify({ topics, resting, list, pattern, looking, rssMiB })}\n`)
