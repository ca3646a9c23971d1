import { type Random, randomBelow, seededRandom } from '../../../src/base/random.ts'
import { xxHash32 } from '../../../src/records/compression/xxhash32.ts'
import { codecById, codecs, RecordsError } from '../../../src/records/index.ts'
import { forbidNatives } from '../../../src/records/native.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'
import { content } from './content.ts'

/** What the inputs here may grow to. */
const LIMIT = 65_536
const [SNAPPY, LZ4] = [2, 3]

const XERIAL = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')

function specimen(id: number, random: Random): Specimen {
  const plain = content(random, random() < 0.05 ? 30_000 : 400)
  forbidNatives(random() < 0.5)
  const bytes = codecById(id).compressSync(plain)
  forbidNatives(false)
  if (id !== SNAPPY || random() < 0.5) return { bytes, marks: [0, 4, 5, 6, 7, 11, bytes.length] }
  // In the framing of snappy-java.
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return { bytes: Buffer.concat([XERIAL, length, bytes]), marks: [0, 8, 12, 16, 20, 21] }
}

/** So many specimens of each codec, made once. */
const SPECIMENS = 300
const kept = new Map<string, Specimen>()

function keptSpecimen(id: number, random: Random): Specimen {
  const which = randomBelow(random, SPECIMENS)
  const known = kept.get(`${id} ${which}`)
  if (known) return known
  const made = specimen(id, seededRandom(which))
  kept.set(`${id} ${which}`, made)
  return made
}

/** The checksum of an LZ4 frame's descriptor made right again, so that what follows is read. */
function withRightDescriptor(bytes: Buffer): Buffer {
  const end = 7 + ((bytes[4] ?? 0) & 0x08 ? 8 : 0)
  if (bytes.length <= end) return bytes
  const sealed = Buffer.from(bytes)
  sealed[end - 1] = xxHash32(sealed, 4, end - 1) >>> 8
  return sealed
}

function decompressed(id: number, bytes: Buffer, withNative: boolean): Buffer | undefined {
  forbidNatives(!withNative)
  try {
    return within(codecById(id).decompressSync(bytes, LIMIT))
  } catch (error) {
    if (error instanceof RecordsError) return undefined
    throw error
  } finally {
    forbidNatives(false)
  }
}

function within(output: Buffer): Buffer {
  if (output.length > LIMIT) throw new Error(`${output.length} bytes beyond the limit`)
  return output
}

/** What is decompressed, as each of the ways that there are does it: all do it alike, or refuse. */
export const codecsTarget: Target = {
  name: 'codecs',
  weight: 16,
  // Twice, or three times, what grew in doubling steps; zlib makes a chunk before it knows.
  mayAllocate: input => 16 * LIMIT + 8 * input.length,
  begin: async () => {
    forbidNatives(true)
    await Promise.all(codecs.map(codec => codec.ready()))
    forbidNatives(false)
    await Promise.all(codecs.map(codec => codec.ready()))
  },
  input(random) {
    const id = 1 + randomBelow(random, 4)
    const some = () => keptSpecimen(id, random)
    const bytes = mutated(some(), random, some)
    const sealed = id === LZ4 && random() < 0.7 ? withRightDescriptor(bytes) : bytes
    return Buffer.concat([Buffer.from([id, randomBelow(random, 16)]), sealed])
  },
  async feed(input) {
    const id = input[0]!
    const bytes = input.subarray(2)
    const ours = decompressed(id, bytes, false)
    const theirs = decompressed(id, bytes, true)
    if (ours && theirs && !ours.equals(theirs)) throw new Error('two ways, two outputs')
    if (input[1] !== 0) return
    // And on the thread pool, where that has a way of its own.
    try {
      const pooled = within(await codecById(id).decompress(bytes, LIMIT))
      if (theirs && !theirs.equals(pooled)) throw new Error('another output from the thread pool')
    } catch (error) {
      if (!(error instanceof RecordsError)) throw error
    }
  },
}
