import { type Random, randomBelow, seededRandom } from '../../base/random.ts'
import type { Message } from './api.ts'
import { type Dialect, fieldsOf } from './compile.ts'
import {
  type AnyField,
  blankOf,
  defaultOf,
  type FixedName,
  type ReadOf,
  type Shape,
} from './field.ts'

/**
 * A random message that a version can carry, the same for the same seed: edge numbers, nulls,
 * defaults, every kind of text, and now and then a long array. Fields which the version lacks are
 * at their defaults, so that what is written and read again is equal.
 */
export function arbitrary<S extends Shape>(
  message: Message<S>,
  version: number,
  seed: number,
): ReadOf<S> {
  const generator = new Generator(seededRandom(seed), message.dialect(version))
  return generator.struct(message.shape) as ReadOf<S>
}

const TEXTS = [
  '',
  'orders',
  'a',
  'ключ',
  '日本語',
  '🙂🚀',
  'e\u0301',
  '\u0000',
  ' ',
  'x'.repeat(127),
]

const EDGES: Readonly<Record<Exclude<FixedName, 'bool' | 'uuid'>, readonly (number | bigint)[]>> = {
  int8: [0, 1, -1, 127, -128],
  int16: [0, 1, -1, 255, 32_767, -32_768],
  uint16: [0, 1, 32_768, 65_535],
  int32: [0, 1, -1, 65_536, 2 ** 31 - 1, -(2 ** 31)],
  uint32: [0, 1, 2 ** 31, 2 ** 32 - 1],
  int64: [0, 1, -1, -2, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)],
  bigint64: [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  float64: [0, 1, -1, 0.1, 1e300, 5e-324, Number.MAX_SAFE_INTEGER],
}

/** How many items a whole message may still get, so that nesting doesn't multiply without end. */
const ITEM_BUDGET = 400

class Generator {
  readonly #random: Random
  readonly #dialect: Dialect
  #budget = ITEM_BUDGET

  constructor(random: Random, dialect: Dialect) {
    this.#random = random
    this.#dialect = dialect
  }

  struct(shape: Shape): Record<string, unknown> {
    const message = { ...blankOf(shape) }
    const { present, tagged } = fieldsOf(shape, this.#dialect)
    for (const [name, field] of [...present, ...tagged]) message[name] = this.#value(field)
    return message
  }

  #value(field: AnyField): unknown {
    const { kind } = field.plan
    if (field.nullableIn(this.#dialect.version) && this.#oneIn(4)) return null
    if (this.#oneIn(8) && defaultOf(field) !== null) return defaultOf(field)
    switch (kind.is) {
      case 'array':
        return this.#array(kind.of)
      case 'struct':
        return this.struct(kind.shape)
      case 'string':
        return this.#text()
      case 'bytes':
      case 'records':
        return this.#bytes(this.#oneIn(20) ? 3000 : randomBelow(this.#random, 40))
      case 'uuid':
        return this.#bytes(16).toString('base64url')
      case 'bool':
        return this.#oneIn(2)
      default:
        return this.#number(kind.is)
    }
  }

  #array(of: AnyField): unknown[] {
    const wanted = this.#oneIn(30) ? 200 : randomBelow(this.#random, 4)
    const count = Math.min(wanted, this.#budget)
    this.#budget -= count
    return Array.from({ length: count }, () => this.#value(of))
  }

  #number(kind: keyof typeof EDGES): number | bigint {
    if (this.#oneIn(2)) return this.#pick(EDGES[kind])
    const small = randomBelow(this.#random, 100)
    return kind === 'bigint64' ? BigInt(small) : small
  }

  #text(): string {
    if (this.#oneIn(200)) return 'é'.repeat(16_383)
    const length = randomBelow(this.#random, 3)
    return Array.from({ length }, () => this.#pick(TEXTS)).join('-')
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => randomBelow(this.#random, 256)))
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[randomBelow(this.#random, choices.length)]!
  }

  #oneIn(n: number): boolean {
    return this.#random() * n < 1
  }
}
