import avsc, { type Type, type types } from 'avsc'
import { bytesOfInteger, decimalText, integerOfBytes, unscaledOf } from './decimal.ts'
import { isCodec } from './guarded.ts'

/** How the values of a logical type stand in a program, and how they are written. */
export interface Conversion {
  /** What is expected in a program, for messages: `timestamp-millis (a Date)`. */
  readonly about: string
  /** From the underlying Avro value, such as a long, to the program's. */
  fromAvro(raw: unknown): unknown
  /** The underlying value; undefined when `value` does not fit. */
  toAvro(value: unknown): unknown
  /** What else must agree for two schemas to speak of the same: a decimal's scale. */
  readonly agree?: string
}

/** Makes the conversion for one schema; throws when the schema's attributes are not valid. */
export type ConversionOf = (schema: Readonly<Record<string, unknown>>) => Conversion

/** The logical types that are given; a schema with any other is read as its underlying type. */
export const conversions: Readonly<Record<string, ConversionOf>> = {
  decimal: decimal,
  uuid: uuid,
  date: () => ({
    about: 'a date (YYYY-MM-DD, or a Date)',
    fromAvro: raw => dayText(Number(raw)),
    toAvro: value => {
      const ms = typeof value === 'string' && isDay(value) ? Date.parse(value) : msOfDate(value)
      return ms === undefined ? undefined : Math.floor(ms / dayMs)
    },
  }),
  'time-millis': () => clockTime('a time in milliseconds after midnight', dayMs),
  'time-micros': () => clockTime('a time in microseconds after midnight', dayMs * 1000),
  'timestamp-millis': () => ({
    about: 'a timestamp (a Date, or milliseconds since 1970)',
    fromAvro: raw => new Date(Number(raw)),
    toAvro: value => msOfDate(value) ?? wholeNumber(value),
  }),
  'timestamp-micros': () => instant('microseconds', 1_000n),
  'timestamp-nanos': () => instant('nanoseconds', 1_000_000n),
  'local-timestamp-millis': () => localTime(3),
  'local-timestamp-micros': () => localTime(6),
  'local-timestamp-nanos': () => localTime(9),
  duration: () => ({
    about: 'a duration ({ months, days, milliseconds })',
    fromAvro: raw => {
      const bytes = raw as Buffer
      const [months, days, milliseconds] = [0, 4, 8].map(at => bytes.readUInt32LE(at))
      return { months, days, milliseconds }
    },
    toAvro: durationBytes,
  }),
}

/** The logical types whose underlying long is beyond what a number holds. */
export const needsBigint: ReadonlySet<string> = new Set([
  'timestamp-micros',
  'timestamp-nanos',
  'local-timestamp-millis',
  'local-timestamp-micros',
  'local-timestamp-nanos',
])

/** Marks a schema of which avsc wants what is under the logical type: it asks in the same words. */
export const underlyingMark = Symbol('underlying')

type Schema = ConstructorParameters<typeof types.LogicalType>[0]

/** A logical type for avsc, from a conversion. */
export function logicalType(name: string, of: ConversionOf): typeof types.LogicalType {
  return class extends avsc.types.LogicalType {
    readonly conversion: Conversion

    constructor(schema: Schema, options?: unknown) {
      super({ ...Object(schema), [underlyingMark]: true }, options)
      this.conversion = of({ ...Object(schema) })
    }

    override _fromValue(raw: unknown): unknown {
      return this.conversion.fromAvro(raw)
    }

    override _toValue(value: unknown): unknown {
      return this.conversion.toAvro(value)
    }

    /**
     * How a reader of this type reads what another type wrote. Two logical types must be the same:
     * milliseconds are not to be taken for microseconds because both are longs.
     */
    _update(resolver: object, writer: Type, options: object): void {
      let underlying = writer
      if (isLogical(writer)) {
        if (!isOurs(writer) || writer.typeName !== `logical:${name}`) return
        if (writer.conversion.agree !== this.conversion.agree) return
        underlying = writer.underlyingType
      }
      const inner: unknown = this.underlyingType.createResolver(underlying, options)
      if (!isCodec(inner)) return
      Object.assign(resolver, {
        _read: (tap: Parameters<typeof inner._read>[0]) => this._fromValue(inner._read(tap)),
      })
    }
  }
}

function isLogical(type: Type): type is types.LogicalType {
  return type.typeName.startsWith('logical:')
}

export function isOurs(type: Type): type is types.LogicalType & { conversion: Conversion } {
  return isLogical(type) && 'conversion' in type
}

const dayMs = 86_400_000

/** `12.30`: a number would lose digits, so it is a text; numbers and bigints are taken too. */
function decimal(schema: Readonly<Record<string, unknown>>): Conversion {
  const { precision, scale = 0, size } = schema
  if (!isCount(precision) || !isCount(scale) || precision === 0 || scale > precision) {
    throw new Error(`a decimal with precision ${precision} and scale ${scale}`)
  }
  const fixed = isCount(size) ? size : undefined
  return {
    about: `a decimal of ${precision} digits, ${scale} of them after the point`,
    agree: `${precision}.${scale}`,
    fromAvro: raw => decimalText(integerOfBytes(raw as Buffer), scale),
    toAvro: value => {
      const unscaled = unscaledOf(value, scale, precision)
      return unscaled === undefined ? undefined : bytesOfInteger(unscaled, fixed)
    },
  }
}

function uuid(schema: Readonly<Record<string, unknown>>): Conversion {
  const about = 'a uuid (text)'
  const isUuid = (value: unknown) =>
    typeof value === 'string' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value)
  if (schema.type === 'string') {
    return { about, fromAvro: raw => raw, toAvro: value => (isUuid(value) ? value : undefined) }
  }
  if (schema.size !== 16) throw new Error('a uuid of other than 16 bytes')
  return {
    about,
    fromAvro: raw => {
      const hex = (raw as Buffer).toString('hex')
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    },
    toAvro: value =>
      isUuid(value) ? Buffer.from(String(value).replaceAll('-', ''), 'hex') : undefined,
  }
}

function clockTime(about: string, limit: number): Conversion {
  return {
    about,
    fromAvro: raw => raw,
    toAvro: value => {
      const number = wholeNumber(value)
      return number !== undefined && number >= 0 && number < limit ? number : undefined
    },
  }
}

/** Finer than a Date can tell: a bigint, so that no digit is lost. */
function instant(unit: string, perMs: bigint): Conversion {
  return {
    about: `a timestamp (${unit} since 1970 as a bigint, or a Date)`,
    fromAvro: raw => raw,
    toAvro: value => {
      const ms = msOfDate(value)
      if (ms !== undefined) return BigInt(ms) * perMs
      return typeof value === 'bigint' ? value : bigintOf(value)
    },
  }
}

/** A date and time on some wall's clock, of no known zone: a text, `2026-11-21T09:30:00.000`. */
function localTime(digits: 3 | 6 | 9): Conversion {
  const perSecond = 10n ** BigInt(digits)
  return {
    about: `a local timestamp (YYYY-MM-DDThh:mm:ss with up to ${digits} digits behind)`,
    fromAvro: raw => {
      const value = raw as bigint
      const rest = ((value % perSecond) + perSecond) % perSecond
      const seconds = (value - rest) / perSecond
      const date = new Date(Number(seconds) * 1000)
      const fraction = rest.toString().padStart(digits, '0')
      return `${date.toISOString().slice(0, -5)}.${fraction}`
    },
    toAvro: value => {
      const parts =
        typeof value === 'string'
          ? /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?$/.exec(value)
          : null
      const fraction = parts?.[2] ?? ''
      const ms = parts ? Date.parse(`${parts[1]!.replace(' ', 'T')}Z`) : Number.NaN
      if (Number.isNaN(ms) || fraction.length > digits) return undefined
      return BigInt(ms / 1000) * perSecond + BigInt(fraction.padEnd(digits, '0'))
    },
  }
}

function durationBytes(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { months = 0, days = 0, milliseconds = 0 } = value as Record<string, unknown>
  const parts = [months, days, milliseconds]
  if (!parts.every(part => isCount(part) && part <= 0xffff_ffff)) return undefined
  const bytes = Buffer.alloc(12)
  parts.forEach((part, at) => {
    bytes.writeUInt32LE(Number(part), at * 4)
  })
  return bytes
}

function dayText(days: number): string {
  const date = new Date(days * dayMs)
  if (Number.isNaN(date.valueOf())) throw new RangeError(`day ${days} is beyond all dates`)
  return date.toISOString().replace(/T.*$/, '')
}

function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))
}

function msOfDate(value: unknown): number | undefined {
  if (!(value instanceof Date)) return undefined
  const ms = value.valueOf()
  return Number.isNaN(ms) ? undefined : ms
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

function bigintOf(value: unknown): bigint | undefined {
  const number = wholeNumber(value)
  return number === undefined ? undefined : BigInt(number)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}
