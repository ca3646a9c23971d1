import type { Type } from 'avsc'
import { reasonOf } from '../../base/depth.ts'
import type { Schema } from '../client/types.ts'
import {
  type Decoder,
  type Encoder,
  type Format,
  PayloadProblem,
  SchemaProblem,
  ValueProblem,
} from '../serde/format.ts'
import { explainMisfit } from './explain.ts'
import { type AvroOptions, avroJson, parseAvro } from './parse.ts'

const noBytes = new Uint8Array(0)

/**
 * Values are written one behind the other into such pieces, and each is a slice of its piece: its
 * size is not known before, and to write it elsewhere first would cost a copy.
 */
interface Piece {
  readonly bytes: Buffer
  at: number
}

/** A value that is kept keeps its piece, so it is not much more than Node's own pool. */
const PIECE_BYTES = 16 * 1024
/** A larger value has bytes of its own. */
const MAX_SHARED_BYTES = 4 * 1024

/** Taken away while it is written to: a conversion of the program's own may serialize, too. */
let current: Piece | undefined

/** Avro's binary encoding, by avsc. */
export function avroFormat(options: AvroOptions): Format {
  return {
    schemaType: 'AVRO',
    indexed: false,
    recordName: schema => avroName(schema),
    encoder(schema, references): Encoder {
      const type = parseAvro(schema.schema, references, options)
      return { prefix: noBytes, encode: (value, reserve) => encode(type, value, reserve) }
    },
    decoder(writer, references, reader): Decoder {
      const written = parseAvro(writer.schema, references, options)
      if (reader === undefined) return { decode: payload => decode(written, payload) }
      const wanted = parseAvro(reader.schema.schema, reader.references, options)
      const resolver = resolverOf(wanted, written)
      return { decode: payload => decode(wanted, payload, resolver) }
    },
  }
}

/** A record's full name, or a primitive's; a union has none. */
function avroName({ schema }: Schema): string | undefined {
  const json = avroJson(schema)
  if (typeof json === 'string') return json
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined
  const { name, namespace, type } = json as Record<string, unknown>
  if (typeof name !== 'string') return typeof type === 'string' ? type : undefined
  if (name.includes('.') || typeof namespace !== 'string' || namespace === '') return name
  return `${namespace}.${name}`
}

/** A value's bytes behind `reserve` others, which the caller fills in. */
function encode(type: Type, value: unknown, reserve: number): Buffer {
  const piece = current ?? { bytes: Buffer.allocUnsafeSlow(PIECE_BYTES), at: 0 }
  current = undefined
  const { bytes, at } = piece
  let end: number
  try {
    end = type.encode(value, bytes, at + reserve)
  } catch (cause) {
    current = piece
    throw misfit(type, value, cause)
  }
  if (end >= 0) {
    piece.at = end
    current = piece
    return bytes.subarray(at, end)
  }
  // A negative number says how many bytes were lacking.
  const size = bytes.length - end - at
  if (size <= MAX_SHARED_BYTES) return encode(type, value, reserve)
  current = piece
  const own = Buffer.allocUnsafeSlow(size)
  type.encode(value, own, reserve)
  return own
}

function misfit(type: Type, value: unknown, cause: unknown): Error {
  const misfits = explainMisfit(type, value)
  if (misfits.length > 0) return new ValueProblem(misfits, { cause })
  return cause instanceof Error ? cause : new Error(String(cause))
}

type Resolver = ReturnType<Type['createResolver']>

function decode(type: Type, payload: Buffer, resolver?: Resolver): unknown {
  try {
    return type.fromBuffer(payload, resolver)
  } catch (cause) {
    throw new PayloadProblem(`${reasonOf(cause)} (in ${payload.length} bytes of Avro)`, { cause })
  }
}

function resolverOf(wanted: Type, written: Type): Resolver {
  try {
    // Avro compares records by their names without namespaces.
    return wanted.createResolver(written, { ignoreNamespaces: true })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaProblem(
      `the reader's schema can't read what the writer's schema writes: ${reason}`,
      { cause },
    )
  }
}
