/**
 * The work that every client is given, and the measure that is taken of it: CPU time of this
 * process, threads and all, from before the first record to the last acknowledgement.
 *
 * Arguments: bootstrap servers, topic, number of records, codec, mode, file with the records (a
 * key, a tab and a value on each line). The result is one line of JSON.
 */
import { readFileSync } from 'node:fs'

const [bootstrap, topic, messages, codec, mode, file] = process.argv.slice(2)

const records = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map(line => line.split('\t'))

export const work = {
  bootstrap,
  topic,
  codec,
  mode,
  messages: Number(messages),
  texts: records.map(([key, value]) => ({ key, value })),
  bytes: records.map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
}

/**
 * Every client does the work twice, and the second time is measured: connections and metadata are
 * there, and what compiles while it runs (V8, the JVM) has compiled. WARM_UP in the environment
 * takes another number of records for the first time.
 */
export const WARM_UP = Number(process.env.WARM_UP ?? messages)

/** Runs `produce(n)`, which gives how many were acknowledged, and prints what that took. */
export async function measure(produce, extra = () => ({})) {
  // One alone first: a burst that has to wait for metadata is not what a running client sees.
  await produce(1)
  await produce(WARM_UP)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const delivered = await produce(work.messages)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const figures = {
    delivered,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    rssMiB: process.resourceUsage().maxRSS / 1024,
    ...extra(),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

/**
 * Calls `send(from, to)` for `size` records at a time, with up to `outstanding` records in calls
 * that are not over. Gives the number of records that were in calls that succeeded.
 */
export async function inParallel(messages, size, outstanding, send) {
  let from = 0
  let delivered = 0
  const lane = async () => {
    while (from < messages) {
      const start = from
      from = Math.min(from + size, messages)
      const end = from
      await send(start, end)
      delivered += end - start
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.floor(outstanding / size)) }, lane))
  return delivered
}

/** One awaited call at a time; gives the percentiles of the times that they took. */
export async function oneByOne(messages, send) {
  const micros = new Float64Array(messages)
  for (let i = 0; i < messages; i++) {
    const start = performance.now()
    await send(i)
    micros[i] = (performance.now() - start) * 1000
  }
  return percentiles(micros)
}

function percentiles(micros) {
  micros.sort()
  const at = share => micros[Math.floor(micros.length * share)]
  return { p50: at(0.5), p99: at(0.99) }
}

/** Records a second where the way from producer to consumer is measured: what nobody finds much. */
const PACE = 5_000

/**
 * The time of each record from the call that sends it to the consumer's hands, at a steady pace.
 * `listen(heard)` starts a consumer at the end of the topic that calls `heard(value)`; `send(values)`
 * sends some. Gives a way for `measure`, and its percentiles.
 */
export async function endToEnd({ listen, send }) {
  let micros = []
  let over = () => {}
  let wanted = 0
  await listen(value => {
    micros.push(now() - Number(value.latin1Slice(0, 20)))
    if (micros.length === wanted) over()
  })
  const way = async messages => {
    micros = []
    wanted = messages
    const done = new Promise(resolve => {
      over = resolve
    })
    if (messages === 1) {
      // The consumer may still be finding its place: what is sent before that, it never sees.
      while (micros.length === 0) {
        await send([stamped()])
        await new Promise(resolve => setTimeout(resolve, 200))
      }
      return 1
    }
    const start = now()
    for (let sent = 0; sent < messages; ) {
      const due = Math.min(messages, Math.floor(((now() - start) / 1e6) * PACE))
      const values = []
      for (; sent < due; sent++) values.push(stamped())
      if (values.length > 0) void send(values)
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    await done
    return micros.length
  }
  return { way, percentiles: () => percentiles(Float64Array.from(micros)) }
}

const now = () => performance.now() * 1000
const padding = 'x'.repeat(180)
const stamped = () => Buffer.from(now().toFixed(3).padStart(20) + padding, 'latin1')
