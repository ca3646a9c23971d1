import { Reader } from '../../wire/reader.ts'
import type { Writer } from '../../wire/writer.ts'
import { compileStruct, type Dialect } from './compile.ts'
import { explainRead, explainWrite } from './explain.ts'
import type { ReadOf, Shape, WriteOf } from './field.ts'
import { SchemaError } from './schema-error.ts'

/** Reads and writes whole messages of one version. */
export interface Codec<R, W> {
  /** Throws a WireError which names the field that can't be read. */
  read(reader: Reader): R
  /** The same, with a stop after every so many bytes, so that others can have a turn. */
  readInSlices(reader: Reader): Generator<void, R>
  /** Throws a SchemaError which names the field that can't be written. */
  write(writer: Writer, message: W): void
}

/** A message as data: all its versions, and the codec of each. */
export interface Message<S extends Shape = Shape> {
  /** Such as `Produce` or `ConsumerProtocolAssignment`. */
  readonly name: string
  /** `Produce v9 request`, for errors. */
  title(version: number): string
  readonly versions: VersionRange
  readonly shape: S
  /** What settles the encoding at a version; a SchemaError for versions we don't speak. */
  dialect(version: number): Dialect
  /** The codec of a version, compiled once. A SchemaError for versions we don't speak. */
  at(version: number): Codec<ReadOf<S>, WriteOf<S>>
}

/** Both ends inclusive. */
export type VersionRange = readonly [min: number, max: number]

/** Which broker answers an API. */
export type Route =
  | 'any'
  /** The leader of the partitions that the request names. */
  | 'leader'
  | 'controller'
  | 'groupCoordinator'
  | 'transactionCoordinator'
  /** The broker whose own state is asked for or changed. */
  | 'chosen'

/** One API of the protocol as data: the single source of types, codecs, tests and docs. */
export interface Api<Q extends Shape = Shape, S extends Shape = Shape> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  /** The first version with compact encodings and tagged fields (KIP-482). */
  readonly flexible: number | undefined
  readonly route: Route
  readonly request: Message<Q>
  readonly response: Message<S>
}

/** A request as it is read. */
export type RequestOf<A extends Api> = ReadOf<A['request']['shape']>
/** A response as it is read. */
export type ResponseOf<A extends Api> = ReadOf<A['response']['shape']>
/** A request as its sender gives it: what has a default may be left out. */
export type RequestInput<A extends Api> = WriteOf<A['request']['shape']>
/** A response as its sender gives it. */
export type ResponseInput<A extends Api> = WriteOf<A['response']['shape']>

/** The same for a `versioned` message. */
export type MessageOf<M extends Message> = ReadOf<M['shape']>
/** A `versioned` message as its sender gives it. */
export type MessageInput<M extends Message> = WriteOf<M['shape']>

/** What an API is declared by: see `Api`. */
export interface ApiDeclaration<Q extends Shape, S extends Shape> {
  readonly key: number
  readonly name: string
  readonly versions: VersionRange
  readonly flexible: number | undefined
  readonly route?: Route
  readonly request: Q
  readonly response: S
}

/** Declares an API. */
export function api<Q extends Shape, S extends Shape>(
  declaration: ApiDeclaration<Q, S>,
): Api<Q, S> {
  const { key, name, versions, flexible, route = 'any', request, response } = declaration
  return {
    key,
    name,
    versions,
    flexible,
    route,
    request: declare({ name, side: 'request', versions, flexible, shape: request }),
    response: declare({ name, side: 'response', versions, flexible, shape: response }),
  }
}

/** Declares a message that is no API, such as a member's subscription in a group. */
export function versioned<S extends Shape>(
  name: string,
  versions: VersionRange,
  shape: S,
  flexible?: number,
): Message<S> {
  return declare({ name, side: '', versions, flexible, shape })
}

interface MessageDeclaration<S extends Shape> {
  readonly name: string
  readonly side: 'request' | 'response' | ''
  readonly versions: VersionRange
  readonly flexible: number | undefined
  readonly shape: S
}

function declare<S extends Shape>(declaration: MessageDeclaration<S>): Message<S> {
  const { name, side, versions, flexible, shape } = declaration
  const [min, max] = versions
  const codecs: (Codec<ReadOf<S>, WriteOf<S>> | undefined)[] = []
  const title = (version: number) => `${name} v${version} ${side}`.trimEnd()
  const dialect = (version: number): Dialect => {
    if (!Number.isInteger(version) || version < min || version > max) {
      throw new SchemaError(`${title(version)}: we speak versions ${min} to ${max}`)
    }
    return { version, flexible: flexible !== undefined && version >= flexible }
  }
  const compiled = (version: number) => {
    const codec = explained(title(version), shape, dialect(version))
    return codec as Codec<ReadOf<S>, WriteOf<S>>
  }
  const at = (version: number) => {
    codecs[version] ??= compiled(version)
    return codecs[version]
  }
  return { name, versions, shape, title, dialect, at }
}

/** The happy path does not look where it is; failing, we look again. */
function explained(title: string, shape: Shape, dialect: Dialect): Codec<unknown, unknown> {
  const codec = compileStruct(shape, dialect)
  const explain = ({ buffer, end }: Reader, start: number, error: unknown) =>
    explainRead(title, shape, dialect, new Reader(buffer, start, end), error)
  return {
    read(reader) {
      const start = reader.offset
      try {
        return codec.read(reader)
      } catch (error) {
        throw explain(reader, start, error)
      }
    },
    *readInSlices(reader) {
      const start = reader.offset
      try {
        return yield* codec.readInSlices(reader)
      } catch (error) {
        throw explain(reader, start, error)
      }
    },
    write(writer, message) {
      try {
        codec.write(writer, message)
      } catch (error) {
        throw explainWrite(title, shape, dialect, message, error)
      }
    },
  }
}
