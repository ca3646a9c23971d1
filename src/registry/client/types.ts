/** The kinds of schema that a Confluent-compatible registry knows. */
export type SchemaType = 'AVRO' | 'PROTOBUF' | 'JSON'

/** One schema's use of another: `name` is how its text names it, such as an import's path. */
export interface SchemaReference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

/** A schema as text. Without `schemaType` it is Avro, as in the registry's own API. */
export interface Schema {
  readonly schema: string
  readonly schemaType?: SchemaType
  readonly references?: readonly SchemaReference[]
  /** Tags and properties that belong to the schema; passed on as they are. */
  readonly metadata?: Readonly<Record<string, unknown>>
  /** Data rules; passed on as they are, and not run by this client. */
  readonly ruleSet?: Readonly<Record<string, unknown>>
}

/** A schema with the ids by which messages name it. Older registries give no `guid`. */
export interface IdentifiedSchema extends Schema {
  readonly schemaType: SchemaType
  readonly id?: number
  readonly guid?: string
}

/** One version of a subject. */
export interface RegisteredSchema extends IdentifiedSchema {
  readonly subject: string
  readonly version: number
  readonly id: number
}

/** A version of a subject; versions count from 1. */
export interface SubjectVersion {
  readonly subject: string
  readonly version: number
}

/** How a new version of a subject must agree with the ones before. */
export type CompatibilityLevel =
  | 'NONE'
  | 'BACKWARD'
  | 'BACKWARD_TRANSITIVE'
  | 'FORWARD'
  | 'FORWARD_TRANSITIVE'
  | 'FULL'
  | 'FULL_TRANSITIVE'

/** The settings of a subject, or of the registry as a whole. */
export interface SubjectConfig {
  readonly compatibility?: CompatibilityLevel
  /** Whether schemas are brought to one spelling before they are compared. */
  readonly normalize?: boolean
  readonly alias?: string
  readonly compatibilityGroup?: string
}

/** Whether schemas may be registered; IMPORT lets the caller choose ids. */
export type SubjectMode = 'READWRITE' | 'READONLY' | 'READONLY_OVERRIDE' | 'IMPORT' | 'FORWARD'

/** What a compatibility test found; `messages` is empty where the registry gives no reasons. */
export interface CompatibilityResult {
  readonly compatible: boolean
  readonly messages: readonly string[]
}
