/**
 * What records cost without a network: `npx tsx bench/micro/records.ts`. CPU time, not wall time,
 * and the best of several rounds, since whatever else runs can only add to it.
 */
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecs,
  crc32c,
  parseBatch,
  sealBatch,
} from '../../src/records/index.ts'
import { forbidNatives } from '../../src/records/native.ts'

const BATCH_BYTES = 131_072
const ROUNDS = 7

const texts = Array.from({ length: 10_000 }, (_, i) => {
  const order = { id: i, ts: 1_763_000_000_000 + i * 37, user: `user-${(i * 7919) % 1000}` }
  const more = { amount: ((i * 2654435761) % 100_000) / 100, items: [i % 7, i % 11, i % 13] }
  const note = ((i * 2654435761) >>> 0).toString(36).repeat(20)
  return JSON.stringify({ ...order, ...more, note })
    .slice(0, 198)
    .concat('"}')
})
const values = texts.map(text => Buffer.from(text))
const keyTexts = Array.from({ length: 1000 }, (_, i) => `user-${String(i).padStart(3, '0')}`)
const keys = keyTexts.map(text => Buffer.from(text))

/** The CPU time of one of `count` things that `work` does, in nanoseconds: the best round. */
function cost(count: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY
  work()
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, ((user + system) * 1000) / count)
  }
  return best
}

function report(name: string, figure: number, unit: string): void {
  console.log(`${name.padEnd(48)} ${figure.toFixed(figure < 10 ? 2 : 0).padStart(8)} ${unit}`)
}

function appending(
  count: number,
  someKeys: readonly (Buffer | string)[],
  someValues: readonly (Buffer | string)[],
  seal: boolean,
): () => void {
  const buffer = Buffer.allocUnsafeSlow(BATCH_BYTES)
  return () => {
    let writer = new BatchWriter(buffer)
    for (let i = 0; i < count; i++) {
      const key = someKeys[i % 1000]!
      const value = someValues[i % 10_000]!
      if (writer.append(1_763_000_000_000 + (i >> 10), key, value)) continue
      if (seal)
        sealBatch(writer.bytes(), { count: writer.count, baseTimestamp: 0, maxTimestamp: 0 })
      writer = new BatchWriter(buffer)
      writer.append(1_763_000_000_000, key, value)
    }
  }
}

function fullBatch(): Buffer {
  const writer = new BatchWriter(Buffer.allocUnsafeSlow(BATCH_BYTES))
  for (let i = 0; writer.append(1_763_000_000_000 + i, keys[i % 1000]!, values[i]!); i++);
  const { count, baseTimestamp, maxTimestamp } = writer
  sealBatch(writer.bytes(), { count, baseTimestamp, maxTimestamp })
  return writer.bytes()
}

function benchAppend(): void {
  const count = 1_000_000
  report('append, bytes', cost(count, appending(count, keys, values, false)), 'ns a record')
  report('append, bytes, sealed with CRC', cost(count, appending(count, keys, values, true)), 'ns')
  report('append, text', cost(count, appending(count, keyTexts, texts, false)), 'ns a record')
  const wide = texts.map(text => `${text.slice(0, 190)}éü`)
  report('append, text beyond ASCII', cost(count, appending(count, keyTexts, wide, false)), 'ns')
}

function benchRead(): void {
  const batch = parseBatch(fullBatch())
  const times = 300
  const count = batch.count * times
  let sum = 0
  const walk = cost(count, () => {
    for (let i = 0; i < times; i++) {
      const cursor = batch.cursor()
      while (cursor.next()) sum += cursor.valueEnd - cursor.valueStart
    }
  })
  report('walk with the cursor', walk, 'ns a record')
  const objects = cost(count, () => {
    for (let i = 0; i < times; i++) for (const record of batch.cursor()) sum += record.offset
  })
  report('walk with an object each', objects, 'ns a record')
  const looked = cost(count, () => {
    for (let i = 0; i < times; i++) for (const { value } of batch.cursor()) sum += value!.length
  })
  report('walk with an object each, value looked at', looked, 'ns a record')
  if (sum < 0) throw new Error('never')
}

function benchCrc(): void {
  const bytes = fullBatch()
  for (const [name, forbidden] of [
    ['crc32c, native', false],
    ['crc32c, in JavaScript', true],
  ] as const) {
    forbidNatives(forbidden)
    const times = forbidden ? 200 : 2000
    const perBatch = cost(times, () => {
      for (let i = 0; i < times; i++) crc32c(bytes)
    })
    report(name, bytes.length / perBatch, 'GB/s')
  }
  forbidNatives(false)
}

async function benchCodecs(): Promise<void> {
  const body = fullBatch().subarray(BATCH_HEADER_BYTES)
  for (const codec of codecs.filter(({ id }) => id > 0)) {
    for (const forbidden of codec.name === 'gzip' ? [false] : [false, true]) {
      forbidNatives(forbidden)
      await codec.ready()
      const name = `${codec.name}${forbidden ? ', without native code' : ''}`
      const compressed = codec.compressSync(body)
      const times = 60
      const up = cost(times, () => {
        for (let i = 0; i < times; i++) codec.compressSync(body)
      })
      const down = cost(times, () => {
        for (let i = 0; i < times; i++) codec.decompressSync(compressed, body.length)
      })
      report(`${name}: compress`, (body.length / up) * 1000, 'MB/s')
      report(`${name}: decompress`, (body.length / down) * 1000, 'MB/s')
      report(`${name}: ratio`, body.length / compressed.length, ': 1')
    }
  }
  forbidNatives(false)
}

const parts = { append: benchAppend, read: benchRead, crc: benchCrc, codecs: benchCodecs }
const wanted = process.argv.slice(2)
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) await part()
}
