import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { arbitrary, type Message } from '../../src/protocol/index.ts'
import { Reader } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'
import { againstJava } from './java.ts'
import { fromKafkaJson, toKafkaJson } from './kafka-json.ts'
import { declared } from './messages.ts'
import type { Oracle } from './oracle.ts'

/** Random messages of each version, edge values and defaults among them. */
const SEEDS = 12

againstJava('every message at every version, against Java', oracle => {
  test.each(declared())('$kafkaName', async ({ kafkaName, message }) => {
    const [min, max] = message.versions
    for (let version = min; version <= max; version++) {
      const seeds = Array.from({ length: SEEDS }, (_, i) => version * 1000 + i)
      await Promise.all(seeds.map(seed => check(oracle(), kafkaName, message, version, seed)))
    }
  })
})

async function check(
  oracle: Oracle,
  name: string,
  message: Message,
  version: number,
  seed: number,
): Promise<void> {
  const at = `${message.title(version)}, seed ${seed}`
  const { shape } = message
  const value = arbitrary(message, version, seed)
  const ours = encode(message, version, value)
  const json = toKafkaJson(shape, message.dialect(version), value)
  const [theirs, read] = await Promise.all([
    oracle.encode(name, version, json),
    oracle.decode(name, version, ours),
  ])
  if (!ours.equals(theirs)) same(ours.toString('hex'), theirs.toString('hex'), `bytes of ${at}`)
  const reader = new Reader(theirs)
  same(message.at(version).read(reader), value, `what we read in ${at}`)
  same(reader.remaining, 0, `bytes left over of ${at}`)
  same(fromKafkaJson(shape, read), value, `what Java reads in ${at}`)
}

/** vitest's own comparison of large buffers takes many times as long as this one. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, what).toStrictEqual(expected)
}

function encode(message: Message, version: number, value: Record<string, unknown>): Buffer {
  const writer = new Writer()
  message.at(version).write(writer, value)
  return writer.toBuffer()
}
