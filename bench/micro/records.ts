import { murmur2 } from '../../src/producer/murmur2.ts'
import {
  BATCH_HEADER_BYTES,
  BatchWriter,
  codecs,
  crc32c,
  parseBatch,
  sealBatch,
} from '../../src/records/index.ts'
import { forbidNatives } from '../../src/records/native.ts'
import { recordLines } from '../records.ts'
import { type Subject, use } from './subject.ts'

const BATCH_BYTES = 131_072
const COUNT = 20_000
const TIMESTAMP = 1_763_000_000_000

const texts = recordLines(200).map(line => line.split('\t') as [string, string])
const bytes = texts.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const)
const wide = texts.map(([key, value]) => [key, `${value.slice(0, 190)}éü`] as const)
type Pool = readonly (readonly [string | Buffer, string | Buffer])[]

function appending(name: string, pool: Pool): Subject {
  const buffer = Buffer.allocUnsafeSlow(BATCH_BYTES)
  return {
    name: `append, ${name}`,
    count: COUNT,
    unit: 'a record',
    run() {
      let writer = new BatchWriter(buffer)
      for (let i = 0; i < COUNT; i++) {
        const [key, value] = pool[i % pool.length]!
        if (writer.append(TIMESTAMP + (i >> 10), key, value)) continue
        writer = new BatchWriter(buffer)
        writer.append(TIMESTAMP, key, value)
      }
    },
  }
}

/** A batch with as many records as fit into so many bytes. */
function fullBatch(size = BATCH_BYTES): Buffer {
  const writer = new BatchWriter(Buffer.allocUnsafeSlow(size))
  for (let i = 0; writer.append(TIMESTAMP + i, bytes[i]![0], bytes[i]![1]); i++);
  const { count, baseTimestamp, maxTimestamp } = writer
  sealBatch(writer.bytes(), { count, baseTimestamp, maxTimestamp })
  return writer.bytes()
}

const full = fullBatch()

function walking(): Subject[] {
  const batch = parseBatch(full)
  const times = Math.ceil(COUNT / batch.count)
  const of = (name: string, walk: () => number): Subject => ({
    name: `walk, ${name}`,
    count: times * batch.count,
    unit: 'a record',
    run() {
      for (let i = 0; i < times; i++) use(walk())
    },
  })
  return [
    of('cursor', () => {
      let sum = 0
      const cursor = batch.cursor()
      while (cursor.next()) sum += cursor.valueEnd - cursor.valueStart
      return sum
    }),
    of('an object each, its value looked at', () => {
      let sum = 0
      for (const { value } of batch.cursor()) sum += value!.length
      return sum
    }),
  ]
}

/** A subject that runs with or without native code. */
function natively(isNative: boolean, subject: Subject): Subject {
  return { ...subject, begin: () => forbidNatives(!isNative), end: () => forbidNatives(false) }
}

function hashing(): Subject[] {
  const crc = (isNative: boolean) =>
    natively(isNative, {
      name: `CRC-32C, ${isNative ? 'native' : 'in JavaScript'}`,
      count: (50 * BATCH_BYTES) / 1024,
      unit: 'a KiB',
      run() {
        for (let i = 0; i < 50; i++) use(crc32c(full))
      },
    })
  const keys: Subject = {
    name: 'murmur2, keys of 8 bytes',
    count: COUNT,
    unit: 'a key',
    run() {
      for (let i = 0; i < COUNT; i++) use(murmur2(bytes[i % bytes.length]![0]))
    },
  }
  return [keys, crc(true), crc(false)]
}

function compressing(): Subject[] {
  return codecs
    .filter(({ id }) => id > 0)
    .flatMap(codec =>
      [4_096, BATCH_BYTES].flatMap(size => {
        const body = fullBatch(size).subarray(BATCH_HEADER_BYTES)
        const times = Math.ceil((2 * BATCH_BYTES) / size)
        let packed = Buffer.alloc(0)
        const begin = async () => {
          await codec.ready()
          packed = Buffer.from(codec.compressSync(body))
        }
        const of = (name: string, run: () => void): Subject => ({
          name: `${codec.name}, ${name} ${size / 1024} KiB`,
          count: (times * size) / 1024,
          unit: 'a KiB',
          begin,
          run() {
            for (let i = 0; i < times; i++) run()
          },
        })
        return [
          of('compress', () => use(codec.compressSync(body).length)),
          of('decompress', () => use(codec.decompressSync(packed, body.length).length)),
        ]
      }),
    )
}

export const recordSubjects: readonly Subject[] = [
  appending('bytes', bytes),
  appending('text', texts),
  appending('text beyond ASCII', wide),
  ...walking(),
  ...hashing(),
  ...compressing(),
]
