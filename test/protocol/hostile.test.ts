import { expect, test } from 'vitest'
import { type Random, randomBelow, seededRandom } from '../../src/base/random.ts'
import { arbitrary, decodeRequestHeader, type Message, trace } from '../../src/protocol/index.ts'
import { Reader, WireError } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'
import { declared } from './messages.ts'

/** No decoded message may have more values than this for each byte that it came in. */
const VALUES_PER_BYTE = 40

const HUGE = ['7fffffff', '80000000', 'ffffffff', 'ffffffff0f', 'ffffffffff', '7fff', 'fe'].map(
  hex => Buffer.from(hex, 'hex'),
)

type Damage = (bytes: Buffer, random: Random) => Buffer

const damages: Readonly<Record<string, Damage>> = {
  'cut short': (bytes, random) => bytes.subarray(0, randomBelow(random, bytes.length)),
  'a bit flipped': (bytes, random) => {
    const at = randomBelow(random, bytes.length)
    bytes[at] = bytes[at]! ^ (1 << randomBelow(random, 8))
    return bytes
  },
  'a huge number set': (bytes, random) => {
    HUGE[randomBelow(random, HUGE.length)]!.copy(bytes, randomBelow(random, bytes.length))
    return bytes
  },
  'bytes moved': (bytes, random) => {
    const from = randomBelow(random, bytes.length)
    bytes.copy(bytes, randomBelow(random, bytes.length), from, from + 8)
    return bytes
  },
  'all random': (bytes, random) => bytes.map(() => randomBelow(random, 256)) as Buffer,
  'all the same': (bytes, random) => bytes.fill(randomBelow(random, 3) - 1),
}

test.each(declared())('$kafkaName reads broken bytes or refuses them', ({ message }) => {
  const [min, max] = message.versions
  for (let version = min; version <= max; version++) {
    for (const [name, damage] of Object.entries(damages)) {
      for (let seed = 0; seed < 8; seed++) {
        const bytes = broken(message, version, seed, damage)
        readOrRefuse(message, version, bytes, `${name}, v${version}, seed ${seed}`)
      }
    }
  }
})

function broken(message: Message, version: number, seed: number, damage: Damage): Buffer {
  const writer = new Writer()
  message.at(version).write(writer, arbitrary(message, version, seed))
  const bytes = Buffer.from(writer.toBuffer().subarray(0, 600))
  return bytes.length === 0 ? bytes : damage(bytes, seededRandom(seed * 31 + version))
}

function readOrRefuse(message: Message, version: number, bytes: Buffer, what: string): void {
  try {
    const read = message.at(version).read(new Reader(bytes))
    expect(countValues(read), what).toBeLessThan((bytes.length + 10) * VALUES_PER_BYTE)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    expect(error.message, what).toContain(message.title(version))
    const { failure, end } = trace(message, version, bytes)
    expect(failure, what).toBeDefined()
    expect(end, what).toBeLessThanOrEqual(bytes.length)
  }
}

function countValues(value: unknown): number {
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, item) => sum + countValues(item), 1)
}

test('every truncation of a message is refused', () => {
  for (const { message } of declared()) {
    const version = message.versions[1]
    const writer = new Writer()
    message.at(version).write(writer, arbitrary(message, version, 3))
    const bytes = writer.toBuffer()
    const step = Math.ceil(bytes.length / 50)
    for (let size = 0; size < bytes.length; size += step) {
      const cut = () => message.at(version).read(new Reader(bytes.subarray(0, size)))
      expect(cut, `${message.title(version)} of ${size} bytes`).toThrow(WireError)
    }
  }
})

test('a count is refused before anything is made of it', () => {
  for (const { message } of declared()) {
    for (let version = message.versions[0]; version <= message.versions[1]; version++) {
      for (const length of HUGE) {
        const bytes = Buffer.concat(Array.from({ length: 40 }, () => length))
        readOrRefuse(message, version, bytes, message.title(version))
      }
    }
  }
})

test('headers of requests are refused where they are broken', () => {
  const random = seededRandom(4)
  for (let i = 0; i < 3000; i++) {
    const bytes = Buffer.from(
      Array.from({ length: randomBelow(random, 40) }, () => randomBelow(random, 256)),
    )
    if (bytes.length > 1) bytes.writeInt16BE(randomBelow(random, 80))
    try {
      decodeRequestHeader(new Reader(bytes))
    } catch (error) {
      expect(error).toBeInstanceOf(WireError)
    }
  }
})
