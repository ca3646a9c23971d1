import type { Type } from 'avsc'
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

/** Values are written here first, since their size is not known before; grows as they do. */
const scratch = { bytes: Buffer.allocUnsafeSlow(16 * 1024) }
const maxScratchBytes = 4 * 1024 * 1024

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

function encode(type: Type, value: unknown, reserve: number): Buffer {
  let end: number
  try {
    end = type.encode(value, scratch.bytes, reserve)
    if (end < 0) {
      const needed = scratch.bytes.length - end
      if (needed > maxScratchBytes) return encodeLarge(type, value, reserve)
      scratch.bytes = Buffer.allocUnsafeSlow(2 ** Math.ceil(Math.log2(needed)))
      end = type.encode(value, scratch.bytes, reserve)
    }
  } catch (cause) {
    throw misfit(type, value, cause)
  }
  const bytes = Buffer.allocUnsafe(end)
  scratch.bytes.copy(bytes, reserve, reserve, end)
  return bytes
}

function encodeLarge(type: Type, value: unknown, reserve: number): Buffer {
  return Buffer.concat([Buffer.alloc(reserve), type.toBuffer(value)])
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
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PayloadProblem(`${reason} (in ${payload.length} bytes of Avro)`, { cause })
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
