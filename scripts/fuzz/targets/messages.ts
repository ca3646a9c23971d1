import { type Random, randomBelow } from '../../../src/base/random.ts'
import {
  apis,
  arbitrary,
  type Codec,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  ControlRecordType,
  EndTransactionMarker,
  type Message,
  trace,
} from '../../../src/protocol/index.ts'
import { Reader, WireError } from '../../../src/wire/reader.ts'
import { Writer } from '../../../src/wire/writer.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'

const messages: readonly Message[] = [
  ...apis.flatMap(({ request, response }) => [request, response]),
  ConsumerProtocolSubscription,
  ConsumerProtocolAssignment,
  ControlRecordType,
  EndTransactionMarker,
]

/** Right messages of each version, by which mutations begin. */
const SPECIMENS = 6
/** No message may be read into more values than this for each byte of it. */
const VALUES_PER_BYTE = 40

const kept = new Map<string, Specimen>()

export function messageSpecimen(message: Message, version: number, seed: number): Specimen {
  const key = `${message.title(version)} ${seed}`
  const known = kept.get(key)
  if (known) return known
  const writer = new Writer()
  message.at(version).write(writer, arbitrary(message, version, seed))
  const bytes = Buffer.from(writer.toBuffer())
  const marks = trace(message, version, bytes).rows.map(({ offset }) => offset)
  const specimen = { bytes, marks }
  kept.set(key, specimen)
  return specimen
}

function input(random: Random): Buffer {
  const which = randomBelow(random, messages.length)
  const message = messages[which]!
  const [min, max] = message.versions
  const version = min + randomBelow(random, max - min + 1)
  const some = () => messageSpecimen(message, version, randomBelow(random, SPECIMENS))
  const head = Buffer.from([which, version])
  return Buffer.concat([head, mutated(some(), random, some)])
}

/**
 * Every request and response in every version, and what groups say among themselves: read, or
 * refused with a WireError. What was read can be written, and is the same when read again.
 */
export const messagesTarget: Target = {
  name: 'messages',
  weight: 45,
  // Most of it is for writing it again, twice, into buffers that double.
  mayAllocate: input => 24 * input.length + 65_536,
  input,
  feed(input) {
    const message = messages[input[0]!]!
    const version = input[1]!
    const codec = message.at(version)
    let read: ReturnType<typeof codec.read>
    try {
      read = codec.read(new Reader(input, 2))
    } catch (error) {
      if (error instanceof WireError) return
      throw error
    }
    const values = countValues(read)
    if (values > (input.length + 10) * VALUES_PER_BYTE) throw new Error(`${values} values`)
    const written = bytesOf(codec, read)
    const again = codec.read(new Reader(written))
    if (!bytesOf(codec, again).equals(written)) throw new Error('it reads differently when written')
  },
}

function bytesOf<T>(codec: Codec<T, T>, value: T): Buffer {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.toBuffer()
}

function countValues(value: unknown): number {
  if (Buffer.isBuffer(value) || typeof value !== 'object' || value === null) return 1
  let sum = 1
  for (const item of Object.values(value)) sum += countValues(item)
  return sum
}
