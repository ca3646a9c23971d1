import avsc from 'avsc'
import { PayloadProblem } from '../serde/format.ts'

/** avsc's cursor over bytes, as far as it is used here. */
export interface Tap {
  buf: Buffer
  pos: number
  /** Ours: how many items of this value took no bytes so far. */
  empty?: number
  readLong(): number
  readString(): string
}

/** What avsc's types do to bytes; its declarations leave that out. */
export interface Codec {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

export function isCodec(type: unknown): type is Codec {
  return typeof type === 'object' && type !== null && '_read' in type
}

/** So many items of a value may take no bytes (null, or a record of nothing), in all its lists. */
const maxEmptyItems = 65_536

/**
 * How many items the next block of an array or map has. avsc believes any number, and would fill
 * the memory for a count that a few damaged bytes spell; there can't be more items than bytes,
 * unless they take none.
 */
function blockSize(tap: Tap): number {
  let count = tap.readLong()
  if (count < 0) {
    count = -count
    tap.readLong() // the block's size in bytes, for those who skip it
  }
  const left = tap.buf.length - tap.pos
  if (left < 0) throw new PayloadProblem('it ends within a list')
  if (count > left && count + (tap.empty ?? 0) > maxEmptyItems) {
    throw new PayloadProblem(`a list claims ${count} items in ${left} bytes`)
  }
  return count
}

/** What a block has taken: items that no byte paid for are counted, over all lists of a value. */
function settle(tap: Tap, items: number, from: number): void {
  const unpaid = items - (tap.pos - from)
  if (unpaid <= 0) return
  tap.empty = (tap.empty ?? 0) + unpaid
  if (tap.empty > maxEmptyItems) {
    throw new PayloadProblem(`more than ${maxEmptyItems} items of its lists take no bytes`)
  }
}

/** Lost when an item ran over the end: what it gave is not to be believed. */
function checkEnd(tap: Tap): void {
  if (tap.pos > tap.buf.length) throw new PayloadProblem('it ends within a list')
}

export class GuardedArray extends avsc.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items: unknown = this.itemsType
    if (!isCodec(items)) throw new TypeError('an array type without items')
    const list: unknown[] = []
    for (let size = blockSize(tap); size > 0; size = blockSize(tap)) {
      const from = tap.pos
      for (let left = size; left > 0; left--) {
        list.push(items._read(tap))
        checkEnd(tap)
      }
      settle(tap, size, from)
    }
    return list
  }

  _skip(tap: Tap): void {
    const items: unknown = this.itemsType
    if (!isCodec(items)) throw new TypeError('an array type without items')
    for (let size = blockSize(tap); size > 0; size = blockSize(tap)) {
      const from = tap.pos
      for (let left = size; left > 0; left--) {
        items._skip(tap)
        checkEnd(tap)
      }
      settle(tap, size, from)
    }
  }
}

export class GuardedMap extends avsc.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values: unknown = this.valuesType
    if (!isCodec(values)) throw new TypeError('a map type without values')
    const map: Record<string, unknown> = {}
    // Keys take a byte each, so that a block of a map is paid for.
    for (let left = blockSize(tap); left > 0; left = blockSize(tap)) {
      for (; left > 0; left--) {
        const key = tap.readString()
        const value = values._read(tap)
        checkEnd(tap)
        // An assignment to `__proto__` would change what the object is.
        if (key === '__proto__') {
          Object.defineProperty(map, key, { value, enumerable: true, writable: true })
        } else map[key] = value
      }
    }
    return map
  }

  _skip(tap: Tap): void {
    const values: unknown = this.valuesType
    if (!isCodec(values)) throw new TypeError('a map type without values')
    for (let left = blockSize(tap); left > 0; left = blockSize(tap)) {
      for (; left > 0; left--) {
        tap.readString()
        values._skip(tap)
        checkEnd(tap)
      }
    }
  }
}
