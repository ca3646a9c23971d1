import { ZERO_UUID } from '../../wire/uuid.ts'

/** What a field holds on the wire. */
export type Kind =
  | { readonly is: PrimitiveName }
  | { readonly is: 'array'; readonly of: AnyField }
  | { readonly is: 'struct'; readonly shape: Shape }

export type PrimitiveName = FixedName | 'string' | 'bytes' | 'records'

export type FixedName =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'bigint64'
  | 'float64'
  | 'uuid'

/** Meanings that generic code looks for in any message. */
export type Role = 'errorCode' | 'throttle'

/** Everything that a declaration says of one field. Versions are inclusive. */
export interface Plan {
  readonly kind: Kind
  readonly since: number
  readonly until: number
  readonly nullableSince: number
  /** The number of a tagged field (KIP-482); undefined for an ordinary one. */
  readonly tag: number | undefined
  /** The value where the wire has none; undefined means the zero of its kind. */
  readonly fallback: unknown
  /** May be left out silently by a version that can't carry it. */
  readonly ignorable: boolean
  /** The writer of a message may leave it out. */
  readonly optional: boolean
  readonly role: Role | undefined
}

/**
 * One field of a message as data. `R` is what reading gives, `W` what writing takes; `Optional`
 * fields may be left out when writing. Each word gives a new field, so that fields can be shared.
 */
export class Field<R, W = R, Optional extends boolean = false> {
  /** What it is when it was read. A phantom, as the next two: they exist for the compiler alone. */
  declare readonly read: R
  /** What may be given to be written. */
  declare readonly write: W
  /** Whether it may be left out of what is written. */
  declare readonly optional: Optional
  /** What it is made of: its type, its versions, its default. */
  readonly plan: Plan

  constructor(plan: Plan) {
    this.plan = plan
  }

  /** The first version that has it. */
  since(version: number): Field<R, W, true> {
    return this.#with({ since: version, optional: true })
  }

  /** The last version that has it. */
  until(version: number): Field<R, W, true> {
    return this.#with({ until: version, optional: true })
  }

  /** Its value where the wire or the writer gives none. */
  else(value: R): Field<R, W, true> {
    return this.#with({ fallback: value, optional: true })
  }

  /** Travels with a tag in flexible versions, and only where it isn't at its default. */
  tagged(tag: number, since: number, until = Number.POSITIVE_INFINITY): Field<R, W, true> {
    return this.#with({ tag, since, until, optional: true })
  }

  /** May be null from a version on. */
  nullable(since = 0): Field<R | null, W | null, Optional> {
    return this.#with({ nullableSince: since })
  }

  /** A version that lacks it drops it instead of refusing the message. */
  ignorable(): Field<R, W, Optional> {
    return this.#with({ ignorable: true })
  }

  /** Whether messages of this version have the field. */
  existsIn(version: number): boolean {
    return version >= this.plan.since && version <= this.plan.until
  }

  /** Whether a version can write null. */
  nullableIn(version: number): boolean {
    return version >= this.plan.nullableSince
  }

  #with<R2, W2, O2 extends boolean>(change: Partial<Plan>): Field<R2, W2, O2> {
    return new Field({ ...this.plan, ...change })
  }
}

export type AnyField = Field<unknown, unknown, boolean>

/** The fields of a struct, in the order in which they are written. */
export type Shape = Readonly<Record<string, AnyField>>

/** What reading gives: every field, those that the version lacks at their default. */
export type ReadOf<S extends Shape> = { [K in keyof S]: S[K]['read'] }

/** What writing takes: what has a default, or exists in some versions only, is optional. */
export type WriteOf<S extends Shape> = {
  readonly [K in keyof S as S[K]['optional'] extends true ? never : K]: S[K]['write']
} & {
  readonly [K in keyof S as S[K]['optional'] extends true ? K : never]?: S[K]['write'] | undefined
}

function field<R, W = R>(kind: Kind, role?: Role): Field<R, W> {
  const never = Number.POSITIVE_INFINITY
  return new Field({
    kind,
    since: 0,
    until: never,
    nullableSince: never,
    tag: undefined,
    fallback: undefined,
    ignorable: false,
    optional: false,
    role,
  })
}

export const bool = field<boolean>({ is: 'bool' })
export const int8 = field<number>({ is: 'int8' })
export const int16 = field<number>({ is: 'int16' })
export const uint16 = field<number>({ is: 'uint16' })
export const int32 = field<number>({ is: 'int32' })
export const uint32 = field<number>({ is: 'uint32' })
/** An int64 as a number; a value beyond 2^53-1 is an error, never rounded. */
export const int64 = field<number>({ is: 'int64' })
/** An int64 as a bigint, for producer ids. */
export const bigint64 = field<bigint>({ is: 'bigint64' })
export const float64 = field<number>({ is: 'float64' })
/** 22 characters of URL-safe base64, as Kafka prints it. */
export const uuid = field<string>({ is: 'uuid' })
export const string = field<string>({ is: 'string' })
/** Read as a view into the frame, written as a copy. */
export const bytes = field<Buffer, Uint8Array>({ is: 'bytes' })
/** Record batches: read as a view into the frame, written by reference. */
export const records = field<Buffer, Buffer | readonly Buffer[]>({ is: 'records' })

/** One of Kafka's error codes; 0 is success. */
export const errorCode = field<number>({ is: 'int16' }, 'errorCode')
/** For how long, in ms, the broker asks (or has made) the client to hold back. */
export const throttle = field<number>({ is: 'int32' }, 'throttle').else(0)

export function struct<S extends Shape>(shape: S): Field<ReadOf<S>, WriteOf<S>> {
  return field({ is: 'struct', shape })
}

export function array<S extends Shape>(of: S): Field<ReadOf<S>[], readonly WriteOf<S>[]>
export function array<R, W>(of: Field<R, W, boolean>): Field<R[], readonly W[]>
export function array(of: AnyField | Shape): Field<unknown[], readonly unknown[]> {
  return field({ is: 'array', of: of instanceof Field ? of : struct(of) })
}

/** The value of a field that nobody set. Arrays and structs are frozen, since they are shared. */
export function defaultOf({ plan }: AnyField): unknown {
  return plan.fallback === undefined ? zeroOf(plan.kind) : plan.fallback
}

const NO_ITEMS: readonly never[] = Object.freeze([])
const NO_BYTES = Buffer.alloc(0)

function zeroOf(kind: Kind): unknown {
  switch (kind.is) {
    case 'bool':
      return false
    case 'bigint64':
      return 0n
    case 'string':
      return ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
    case 'records':
      return NO_BYTES
    case 'array':
      return NO_ITEMS
    case 'struct':
      return blankOf(kind.shape)
    default:
      return 0
  }
}

const blanks = new WeakMap<Shape, Record<string, unknown>>()

/** A message of a shape with every field at its default; frozen, to be spread. */
export function blankOf(shape: Shape): Record<string, unknown> {
  const known = blanks.get(shape)
  if (known) return known
  const entries = Object.entries(shape).map(([name, field]) => [name, defaultOf(field)])
  const blank: Record<string, unknown> = Object.freeze(Object.fromEntries(entries))
  blanks.set(shape, blank)
  return blank
}

/** Whether a value says no more than its field's default (or than leaving it out). */
export function isDefault(field: AnyField, value: unknown): boolean {
  if (value === undefined) return true
  const fallback = defaultOf(field)
  if (value === fallback) return true
  if (value === null || fallback === null) return false
  if (Array.isArray(value)) return value.length === 0
  if (value instanceof Uint8Array) return value.length === 0
  const { kind } = field.plan
  return kind.is === 'struct' && isBlank(kind.shape, value)
}

function isBlank(shape: Shape, value: unknown): boolean {
  if (!isMessage(value)) return false
  return Object.entries(shape).every(([name, field]) => isDefault(field, value[name]))
}

/** An object whose fields can be looked at by name. */
export function isMessage(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
