/**
 * What metrics cost a producer that has no network to wait for: CPU time of this process for each
 * record with a collector and without, in many short turns, so that both meet the same machine. The
 * quickest quarter of the turns counts: other work on the machine only ever makes one slower.
 * `npm run bench:metrics [PAIRS]`.
 */
import { Registry } from 'prom-client'
import { listen } from '../../src/events.ts'
import { prometheus } from '../../src/metrics/index.ts'
import { Producer } from '../../src/producer/producer.ts'
import { recordLines } from '../records.ts'
import { dialYes } from './yes-broker.ts'

const pairs = Number(process.argv[2] ?? 60)
const values = recordLines(200).map(line => Buffer.from(line))

async function produce(producer: Producer, records: number): Promise<void> {
  for (let i = 0; i < records; i++) {
    const record = { topic: 'bench', key: null, value: values[i % values.length]! }
    if (!producer.produce(record)) await producer.drain()
  }
  await producer.flush()
}

/** Nanoseconds of CPU. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) * 1000
}

/** Costs of turns of one kind, in nanoseconds. */
class Turns {
  readonly #costs: number[] = []

  async add(work: () => Promise<unknown>): Promise<void> {
    this.#costs.push(await cost(work))
  }

  /** The mean of the quickest quarter. */
  get quick(): number {
    const sorted = this.#costs.toSorted((a, b) => a - b)
    const quarter = sorted.slice(0, Math.max(1, sorted.length / 4))
    return quarter.reduce((sum, each) => sum + each, 0) / quarter.length
  }
}

async function compare(name: string, records: number, settings: object): Promise<void> {
  const options = { 'bootstrap.servers': 'yes:9092', 'linger.ms': 10, ...settings }
  const producer = new Producer(options, {}, { dial: dialYes })
  const [off, on, scrapes] = [new Turns(), new Turns(), new Turns()]
  let batches = 0
  const stop = listen('batch:settled', () => void batches++)
  await produce(producer, records)
  stop()
  const measured = async () => {
    const register = new Registry()
    using _ = prometheus(undefined, { register })
    await on.add(() => produce(producer, records))
    await scrapes.add(() => register.metrics())
  }
  const bare = () => off.add(() => produce(producer, records))
  for (let pair = 0; pair < pairs; pair++) {
    const [first, second] = pair % 2 === 0 ? [bare, measured] : [measured, bare]
    await first()
    await second()
  }
  await producer.close()
  const each = (turns: Turns) => (turns.quick / records).toFixed(0)
  const more = ((on.quick / off.quick - 1) * 100).toFixed(1)
  const scrape = (scrapes.quick / 1e6).toFixed(2)
  const size = Math.round(records / batches)
  console.log(
    `${name.padEnd(18)} ${each(off)} ns a record, with metrics ${each(on)}: ${more} %; ` +
      `${size} records a batch; a scrape ${scrape} ms`,
  )
}

await compare('as it is', 500_000, {})
await compare('lz4', 100_000, { 'compression.type': 'lz4' })
await compare('batches of 4 KiB', 200_000, { 'batch.size': 4_096 })
