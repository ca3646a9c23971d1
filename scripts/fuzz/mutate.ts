import { type Random, randomBelow } from '../../src/base/random.ts'
import type { Specimen } from './target.ts'

/** Numbers that lengths, counts and offsets are most likely wrong at, as bytes. */
const EDGES = [
  ...['00', '01', '7f', '80', 'ff', '0000', 'ffff', '7fff', '8000'],
  ...['00000000', 'ffffffff', '7fffffff', '80000000', 'fffffffe', '00ffffff', 'ffffff7f'],
  ...['ffffffff0f', 'ffffffff07', 'feffffff0f', 'ffffffffffffffffff01', '8080808000'],
  ...['7fffffffffffffff', '8000000000000000', 'ffffffffffffffff', '001fffffffffffff'],
].map(hex => Buffer.from(hex, 'hex'))

/**
 * How large a mutated input may become: a text in it that is no UTF-8 takes three times that when
 * it is written again, and still fits its length of 16 bits.
 */
const MOST_BYTES = 10_000

type Mutation = (specimen: Specimen, random: Random, others: () => Specimen) => Buffer

/** Where something begins, most of the time; anywhere else now and then. */
function place({ bytes, marks }: Specimen, random: Random): number {
  if (marks.length > 0 && random() < 0.75) {
    return Math.min(marks[randomBelow(random, marks.length)]!, bytes.length)
  }
  return randomBelow(random, bytes.length + 1)
}

function range(specimen: Specimen, random: Random): [from: number, to: number] {
  const [a, b] = [place(specimen, random), place(specimen, random)]
  return a < b ? [a, b] : [b, a]
}

function noise(random: Random, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, () => randomBelow(random, 256)))
}

const mutations: readonly Mutation[] = [
  // Cut short.
  (specimen, random) => specimen.bytes.subarray(0, place(specimen, random)),
  // One bit flipped.
  ({ bytes }, random) => {
    if (bytes.length === 0) return bytes
    const changed = Buffer.from(bytes)
    changed[randomBelow(random, bytes.length)]! ^= 1 << randomBelow(random, 8)
    return changed
  },
  // A number at the edge of its type written over what is there; three chances, it does most.
  overwritten,
  overwritten,
  overwritten,
  // A field, or several, left out, doubled, or moved elsewhere.
  (specimen, random) => {
    const [from, to] = range(specimen, random)
    return Buffer.concat([specimen.bytes.subarray(0, from), specimen.bytes.subarray(to)])
  },
  (specimen, random) => {
    const [from, to] = range(specimen, random)
    return Buffer.concat([specimen.bytes.subarray(0, to), specimen.bytes.subarray(from)])
  },
  (specimen, random) => {
    const [from, to] = range(specimen, random)
    const changed = Buffer.from(specimen.bytes)
    specimen.bytes.copy(changed, place(specimen, random), from, to)
    return changed
  },
  // Bytes that belong to nothing, in between or in place of what was there.
  (specimen, random) => {
    const at = place(specimen, random)
    const some = noise(random, 1 + randomBelow(random, 12))
    const rest = specimen.bytes.subarray(random() < 0.5 ? at : at + some.length)
    return Buffer.concat([specimen.bytes.subarray(0, at), some, rest])
  },
  // The beginning of one and the end of another.
  (specimen, random, others) => {
    const other = others()
    const head = specimen.bytes.subarray(0, place(specimen, random))
    return Buffer.concat([head, other.bytes.subarray(place(other, random))])
  },
]

function overwritten(specimen: Specimen, random: Random): Buffer {
  const edge = EDGES[randomBelow(random, EDGES.length)]!
  const changed = Buffer.from(specimen.bytes)
  edge.copy(changed, place(specimen, random))
  return changed
}

/**
 * A right input made wrong in one to four ways; one in sixteen stays right, so that what is meant
 * to be read is seen to be. `others` gives another specimen of the kind.
 */
export function mutated(specimen: Specimen, random: Random, others: () => Specimen): Buffer {
  let { bytes } = specimen
  if (random() < 1 / 16) return bytes
  const { marks } = specimen
  for (let rounds = 1 + randomBelow(random, 4); rounds > 0; rounds--) {
    const mutation = mutations[randomBelow(random, mutations.length)]!
    bytes = mutation({ bytes, marks }, random, others).subarray(0, MOST_BYTES)
  }
  return bytes
}
