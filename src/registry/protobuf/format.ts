import {
  create,
  type DescMessage,
  fromBinary,
  fromJson,
  isMessage,
  type JsonValue,
  type Message,
  type MessageInitShape,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import {
  type Decoder,
  type Encoder,
  type Format,
  PayloadProblem,
  SchemaProblem,
  shown,
  ValueProblem,
} from '../serde/format.ts'
import { putIndexes } from '../serde/framing.ts'
import { explainMisfit } from './explain.ts'
import { messageNameOf, ProtobufSchema } from './schema.ts'

/** Which message of a schema is meant, and how values are given. */
export interface ProtobufOptions {
  /** The message's full name; by default the first of the file. */
  readonly message?: string
  /**
   * Values are plain JSON by Protobuf's own mapping (64-bit numbers and timestamps are texts), in
   * place of protobuf-es' messages.
   */
  readonly json?: boolean
}

/** Protobuf's binary encoding, by protobuf-es; `generated` is the message of generated code. */
export function protobufFormat(options: ProtobufOptions, generated?: DescMessage): Format {
  const { json = false } = options
  const wanted = generated?.typeName ?? options.message
  return {
    schemaType: 'PROTOBUF',
    indexed: true,
    recordName: schema => messageNameOf(schema, wanted),
    encoder(schema, references): Encoder {
      const compiled = new ProtobufSchema(schema, references)
      const registered = compiled.message(wanted)
      const message = generated ?? registered
      return {
        prefix: putIndexes(compiled.indexesOf(registered)),
        encode: (value, reserve) => {
          const bytes = encode(message, value, json ? compiled.types : undefined)
          const framed = Buffer.allocUnsafe(reserve + bytes.length)
          framed.set(bytes, reserve)
          return framed
        },
      }
    },
    decoder(writer, references, reader): Decoder {
      const written = new ProtobufSchema(writer, references)
      const read = reader && new ProtobufSchema(reader.schema, reader.references)
      return {
        decode(payload, indexes = [0]) {
          const found = written.messageAt(indexes)
          const message = generated ?? read?.message(wanted ?? found.typeName) ?? found
          checkName(found, wanted)
          return decode(message, payload, json ? (read ?? written).types : undefined)
        },
      }
    },
  }
}

/** Bytes of another message would be read without complaint, and give nonsense. */
function checkName(found: DescMessage, wanted: string | undefined): void {
  if (wanted === undefined || found.typeName === wanted) return
  throw new SchemaProblem(`it is a message ${found.typeName}, and ${wanted} is to be read`)
}

function encode(message: DescMessage, value: unknown, types: Registry | undefined): Uint8Array {
  try {
    return toBinary(message, types ? parsed(message, value, types) : made(message, value))
  } catch (cause) {
    if (cause instanceof ValueProblem) throw cause
    const misfits = types ? [] : explainMisfit(message, value)
    if (misfits.length > 0) throw new ValueProblem(misfits, { cause })
    const expected = `a message ${message.typeName}`
    const actual = `${shown(value)} (${cause instanceof Error ? cause.message : String(cause)})`
    throw new ValueProblem([{ path: '', expected, actual }], { cause })
  }
}

function made(message: DescMessage, value: unknown): Message {
  if (isMessage(value, message)) return value
  if (typeof value !== 'object' || value === null || isMessage(value)) {
    const actual = isMessage(value) ? `a message ${value.$typeName}` : shown(value)
    throw new ValueProblem([{ path: '', expected: `a message ${message.typeName}`, actual }])
  }
  // `create` passes over names it does not know: a misspelt field would be lost.
  const misfits = explainMisfit(message, value)
  if (misfits.length > 0) throw new ValueProblem(misfits)
  return create(message, value as MessageInitShape<DescMessage>)
}

function parsed(message: DescMessage, value: unknown, registry: Registry): Message {
  return fromJson(message, value as JsonValue, { registry })
}

function decode(message: DescMessage, payload: Buffer, types: Registry | undefined): unknown {
  try {
    // A plain view, so that bytes fields are no Buffers: those of generated code are none either.
    const plain = new Uint8Array(payload.buffer, payload.byteOffset, payload.length)
    const read = fromBinary(message, plain)
    return types ? toJson(message, read, { registry: types }) : read
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new PayloadProblem(`${reason} (in ${payload.length} bytes of ${message.typeName})`, {
      cause,
    })
  }
}
