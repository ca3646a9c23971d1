import { SerializationError } from '../../errors.ts'
import type { DeserializeContext, Deserializer } from '../../serializers.ts'
import type { SchemaRegistryClient } from '../client/client.ts'
import type { IdentifiedSchema, Schema } from '../client/types.ts'
import type { Decoder, Format, MessageIndexes } from './format.ts'
import { type Frame, readFrame, readIndexes, type SchemaId, schemaIdHeaders } from './framing.ts'
import {
  configureDeserializer,
  type DeserializerOptions,
  type DeserializerSettings,
  strategyOf,
} from './options.ts'
import { placeText, type SerdePlace, serdeError } from './problems.ts'
import { resolveReferences } from './references.ts'

/** A writer's schema, ready to read what was written with it. */
interface Loaded {
  readonly schema: Schema
  readonly decoder: Decoder
  readonly format: Format
}

/** How many writers' schemas are kept ready; a topic has few, so more come from bad bytes. */
const maxLoaded = 1_000

/**
 * Reads values by the schema that each names, whether before its payload or in a header. The first
 * one of a schema waits for the registry; later ones are read at once.
 *
 * @example
 * const consumer = new Consumer(config, { value: avroDeserializer<Order>(registry) })
 */
export class RegistryDeserializer<T> implements Deserializer<T> {
  readonly #client: SchemaRegistryClient
  readonly #formats: readonly Format[]
  readonly #reader: Schema | undefined
  readonly #settings: DeserializerSettings
  readonly #loaded = new Map<string | number, Loaded>()

  /** With several formats, each record is read by the one that its schema is of. */
  constructor(
    client: SchemaRegistryClient,
    formats: readonly Format[],
    options: DeserializerOptions,
    readerSchema?: Schema,
  ) {
    this.#client = client
    this.#formats = formats
    this.#reader = readerSchema
    this.#settings = configureDeserializer(options, readerSchema)
  }

  /**
   * Reads a value by the schema whose id stands before it, or in its header. A promise only where
   * that schema must be fetched first. A SerializationError for bytes that are not of that schema.
   */
  deserialize(bytes: Buffer, context: DeserializeContext): T | Promise<T> {
    const inHeader = schemaIdHeader(context)
    const where = `the ${context.field} of a record of ${context.topic}`
    const frame = readFrame(
      inHeader ?? bytes,
      inHeader ? `the schema id header of ${where}` : where,
    )
    const key = this.#key(frame.schemaId, context)
    const loaded = this.#loaded.get(key)
    if (loaded) return this.#decode(bytes, context, frame, inHeader, loaded)
    return this.#load(frame.schemaId, context).then(found => {
      if (this.#loaded.size >= maxLoaded) this.#loaded.clear()
      this.#loaded.set(key, found)
      return this.#decode(bytes, context, frame, inHeader, found)
    })
  }

  /** With the latest version as the reader's, a decoder is good for one subject alone. */
  #key(schemaId: SchemaId, context: DeserializeContext): string | number {
    const plain = schemaId.is === 'id' ? schemaId.id : schemaId.guid
    return this.#settings.useLatestVersion ? `${plain} ${context.field} ${context.topic}` : plain
  }

  #decode(
    bytes: Buffer,
    context: DeserializeContext,
    frame: Frame,
    inHeader: Buffer | undefined,
    loaded: Loaded,
  ): T {
    const { hooks } = this.#settings
    const place = this.#place(context, frame.schemaId)
    try {
      const framed = inHeader ?? bytes
      let end = frame.payloadAt
      let indexes: MessageIndexes | undefined
      if (loaded.format.indexed) {
        const read = readIndexes(framed, end, placeText(place))
        indexes = read.indexes
        end = read.end
      }
      let payload = inHeader ? bytes : bytes.subarray(end)
      const { topic, field } = context
      const hookContext = { topic, field, subject: place.subject, schema: loaded.schema }
      if (hooks.payload) payload = hooks.payload(payload, hookContext)
      const value = loaded.decoder.decode(payload, indexes)
      return (hooks.value ? hooks.value(value, hookContext) : value) as T
    } catch (error) {
      throw serdeError(error, place, 'read')
    }
  }

  async #load(schemaId: SchemaId, context: DeserializeContext): Promise<Loaded> {
    const place = this.#place(context, schemaId)
    try {
      const schema = await (schemaId.is === 'id'
        ? this.#client.schemaById(schemaId.id)
        : this.#client.schemaByGuid(schemaId.guid))
      const format = this.#formatOf(schema, place)
      const references = await resolveReferences(this.#client, schema, placeText(place))
      const reader = await this.#readerOf(schema, format, context)
      return { schema, format, decoder: format.decoder(schema, references, reader) }
    } catch (error) {
      throw serdeError(error, place, 'read')
    }
  }

  async #readerOf(writer: Schema, format: Format, context: DeserializeContext) {
    const schema = this.#settings.useLatestVersion
      ? await this.#client.latest(this.#subject(writer, format, context))
      : this.#reader
    if (schema === undefined) return undefined
    const of = `the reader's schema for ${context.topic}`
    return { schema, references: await resolveReferences(this.#client, schema, of) }
  }

  #subject(writer: Schema, format: Format, { topic, field }: DeserializeContext): string {
    const recordName = format.recordName(writer)
    return strategyOf(this.#settings.subjectNameStrategy)({ topic, field, recordName })
  }

  #formatOf(schema: IdentifiedSchema, place: SerdePlace): Format {
    const found = this.#formats.find(format => format.schemaType === schema.schemaType)
    if (found) return found
    const known = this.#formats.map(format => format.schemaType).join(', ')
    const written = schema.schemaType
    throw new SerializationError({
      code: 'WRONG_SCHEMA_TYPE',
      message: `${placeText(place)} was written as ${written}, and is to be read as ${known}`,
      at: { topic: place.topic },
      hint: `take the deserializer for ${written}, or registryDeserializer for any`,
    })
  }

  #place({ topic, field }: DeserializeContext, schemaId: SchemaId): SerdePlace {
    const byTopic = this.#settings.subjectNameStrategy === 'TopicNameStrategy'
    const subject = byTopic ? `${topic}-${field}` : undefined
    return { topic, field, subject, schemaId, url: this.#client.url }
  }
}

/**
 * The schema id that a key or value carries; undefined where there is none.
 *
 * @example
 * const id = schemaIdOf(message.value, { topic, field: 'value', headers: message.headers })
 */
export function schemaIdOf(bytes: Buffer, context: DeserializeContext): SchemaId | undefined {
  const inHeader = schemaIdHeader(context)
  if (inHeader === undefined && bytes[0] !== 0 && bytes[0] !== 1) return undefined
  try {
    return readFrame(inHeader ?? bytes, '').schemaId
  } catch {
    return undefined
  }
}

function schemaIdHeader({ field, headers }: DeserializeContext): Buffer | undefined {
  const name = schemaIdHeaders[field]
  for (const { key, value } of headers) {
    if (key !== name || value === null) continue
    return Buffer.isBuffer(value)
      ? value
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return undefined
}
