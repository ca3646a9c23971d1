import { type Clock, systemClock } from '../../base/clock.ts'
import type { SerializeContext, Serializer } from '../../serializers.ts'
import type { SchemaRegistryClient } from '../client/client.ts'
import type { IdentifiedSchema, Schema } from '../client/types.ts'
import type { Encoder, Format } from './format.ts'
import { frameOf, type SchemaId, schemaIdHeaders } from './framing.ts'
import { type OwnSchema, settle, withImports } from './imports.ts'
import {
  configureSerializer,
  type SerializerOptions,
  type SerializerSettings,
  strategyOf,
} from './options.ts'
import { type SerdePlace, serdeError } from './problems.ts'
import { resolveReferences } from './references.ts'

/** What a topic's keys or values are written with. */
interface Binding {
  readonly subject: string
  readonly schema: Schema
  readonly schemaId: SchemaId
  readonly encoder: Encoder
  /** The bytes that name the schema: before the payload, or in a header. */
  readonly frame: Buffer
  /** When the latest version must be asked for again. */
  readonly until: number
}

/** How soon a registry that failed is asked again whether there is a newer latest version. */
const askAgainMs = 5_000

const FOREVER = Number.POSITIVE_INFINITY

/**
 * Writes values of one schema. The first value for a topic has to wait for the registry, so
 * `serialize` gives a promise, which `send()` awaits; from then on it gives bytes at once. For
 * `produce()`, which can't wait, `await prepare(topic)` first.
 *
 * A latest version that has grown old goes on being used while the registry is asked again, so a
 * registry that is slow or down never holds up a producer that knows its schema.
 */
export class RegistrySerializer<T> implements Serializer<T> {
  readonly #client: SchemaRegistryClient
  readonly #format: Format
  readonly #schema: OwnSchema | undefined
  readonly #settings: SerializerSettings
  readonly #clock: Clock
  readonly #ready = { key: new Map<string, Binding>(), value: new Map<string, Binding>() }
  readonly #coming = new Map<string, Promise<Binding>>()

  constructor(
    client: SchemaRegistryClient,
    format: Format,
    schema: OwnSchema | undefined,
    options: SerializerOptions,
    clock: Clock = systemClock,
  ) {
    this.#client = client
    this.#format = format
    this.#schema = schema
    this.#settings = configureSerializer(options, schema)
    this.#clock = clock
  }

  /**
   * Gets the schema of a topic's values (or keys) ready, so that `serialize` answers at once.
   * Rejects with a RegistryError or SerializationError when there is none to use.
   */
  async prepare(topic: string, field: 'key' | 'value' = 'value'): Promise<void> {
    await this.#bind(topic, field)
  }

  /**
   * Writes a value, its schema's id before it or in a header. A promise only at the first value of
   * a topic. A SerializationError for a value that does not fit, a RegistryError where the registry
   * refuses.
   */
  serialize(value: T, context: SerializeContext): Buffer | null | Promise<Buffer | null> {
    if (value === null) return null
    const { topic, field } = context
    const binding = this.#ready[field].get(topic)
    if (binding === undefined) {
      return this.#bind(topic, field).then(found => this.#encode(value, found, context))
    }
    // Asking the time costs a tenth of all this, and most bindings never grow old.
    if (binding.until !== FOREVER && binding.until <= this.#clock.now()) {
      this.#refresh(topic, field, binding)
    }
    return this.#encode(value, binding, context)
  }

  #encode(value: T, binding: Binding, context: SerializeContext): Buffer {
    const { frame, encoder } = binding
    const inHeader = this.#settings.schemaIdLocation === 'header'
    const { hooks } = this.#settings
    try {
      const given = hooks.value ? hooks.value(value, hookContext(context, binding)) : value
      const room = inHeader ? 0 : frame.length
      let bytes = encoder.encode(given, room)
      if (hooks.payload) {
        const payload = hooks.payload(bytes.subarray(room), hookContext(context, binding))
        bytes = Buffer.concat([bytes.subarray(0, room), payload])
      }
      if (inHeader) context.headers.push({ key: schemaIdHeaders[context.field], value: frame })
      else for (let i = 0; i < room; i++) bytes[i] = frame[i]!
      return bytes
    } catch (error) {
      throw serdeError(error, this.#place(context.topic, context.field, binding), 'write')
    }
  }

  /** Two callers that come while the registry is asked share the answer. */
  #bind(topic: string, field: 'key' | 'value'): Promise<Binding> {
    const key = `${field} ${topic}`
    const coming = this.#coming.get(key)
    if (coming) return coming
    const binding = this.#find(topic, field).finally(() => this.#coming.delete(key))
    this.#coming.set(key, binding)
    return binding
  }

  async #find(topic: string, field: 'key' | 'value'): Promise<Binding> {
    let subject: string | undefined
    try {
      subject = this.#subject(topic, field)
      const binding = await this.#fetch(subject)
      this.#ready[field].set(topic, binding)
      return binding
    } catch (error) {
      throw serdeError(error, this.#place(topic, field, { subject, schemaId: undefined }), 'write')
    }
  }

  #refresh(topic: string, field: 'key' | 'value', old: Binding): void {
    this.#ready[field].set(topic, { ...old, until: this.#clock.now() + askAgainMs })
    // A failure is no news for the caller: the schema at hand is still good, and asked for again.
    this.#bind(topic, field).catch(() => {})
  }

  #subject(topic: string, field: 'key' | 'value'): string {
    const strategy = strategyOf(this.#settings.subjectNameStrategy)
    const recordName = this.#settings.recordName ?? this.#ownName()
    return strategy({ topic, field, recordName })
  }

  /** The name in our own schema, which for a schema with references must be told without them. */
  #ownName(): string | undefined {
    return this.#schema && this.#format.recordName(this.#schema)
  }

  async #fetch(subject: string): Promise<Binding> {
    const { useLatestVersion } = this.#settings
    const found = await this.#chosen(subject)
    const references = await resolveReferences(this.#client, found, subject)
    const encoder = this.#format.encoder(found, references, this.#schema)
    const schemaId = this.#idOf(found, subject)
    return {
      subject,
      schema: found,
      schemaId,
      encoder,
      frame: frameOf(schemaId, encoder.prefix),
      until: useLatestVersion ? this.#clock.now() + this.#client.latestTtlMs : FOREVER,
    }
  }

  /** The schema to write with: registered, looked up, the latest, or the one with a given id. */
  async #chosen(subject: string): Promise<IdentifiedSchema> {
    const { autoRegisterSchemas, useLatestVersion, useSchemaId } = this.#settings
    if (useSchemaId > 0) return this.#client.schemaById(useSchemaId)
    if (useLatestVersion) return this.#client.latest(subject)
    const how = { register: autoRegisterSchemas, normalize: this.#settings.normalizeSchemas }
    const schema = await withImports(this.#client, this.#schema!, how)
    return settle(this.#client, subject, schema, how)
  }

  /** A header takes the GUID where the registry has one: it is the same in every registry. */
  #idOf(schema: IdentifiedSchema, subject: string): SchemaId {
    const { id, guid } = schema
    const preferGuid = this.#settings.schemaIdLocation === 'header'
    if (guid !== undefined && (preferGuid || id === undefined)) return { is: 'guid', guid }
    if (id !== undefined) return { is: 'id', id }
    throw new Error(`the registry gave no id for the schema of ${subject}`)
  }

  #place(
    topic: string,
    field: 'key' | 'value',
    of: { subject: string | undefined; schemaId: SchemaId | undefined },
  ): SerdePlace {
    return { topic, field, subject: of.subject, schemaId: of.schemaId, url: this.#client.url }
  }
}

function hookContext({ topic, field }: SerializeContext, { subject, schema }: Binding) {
  return { topic, field, subject, schema }
}
