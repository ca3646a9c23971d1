import type { CompatibilityLevel, SchemaType } from '../client/types.ts'

/** A schema that another one uses, under the name by which that one's text uses it. */
export interface ReferencedText {
  readonly name: string
  readonly schema: string
}

/** A schema as text, with everything that it uses, directly or not: what is used comes first. */
export interface SchemaText {
  readonly schema: string
  readonly references?: readonly ReferencedText[]
}

/** One version of a subject, to be compared with. */
export interface VersionText extends SchemaText {
  readonly version?: number
}

/** One reason why data written with one schema can't be read with the other. */
export interface Incompatibility {
  /** The rule, in Confluent's words: `READER_FIELD_MISSING_DEFAULT_VALUE`. */
  readonly type: string
  /** Where in the schema: a JSON pointer, or for Protobuf `#/Message/field number`. */
  readonly path: string
  /** A sentence that says which schema has what the other lacks, and what it breaks. */
  readonly message: string
  /** Which of the two can't read what the other wrote. */
  readonly reader: 'new' | 'old'
  /** The version that the new schema was compared with, where it is known. */
  readonly version?: number
}

/** What is held against what, and under which rule. */
export interface CompatibilityCheck {
  readonly format: SchemaType
  readonly level: CompatibilityLevel
  readonly proposed: SchemaText
  /** The versions there are, from the oldest to the newest. */
  readonly existing: readonly VersionText[]
}

/** Thrown for a text that is no schema of its format; the message says what is wrong where. */
export class InvalidSchemaError extends Error {
  override readonly name = 'InvalidSchemaError'
}
