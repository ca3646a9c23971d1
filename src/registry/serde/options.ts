import {
  choice,
  count,
  flag,
  OptionProblem,
  type OptionSet,
  type OptionsInput,
  type Parsed,
  parseOptions,
  text,
  thing,
} from '../../base/options.ts'
import { ConfigError } from '../../errors.ts'
import type { Schema } from '../client/types.ts'
import {
  type SubjectNameStrategy,
  type SubjectNameStrategyName,
  subjectNameStrategies,
} from './subjects.ts'

/** What a schema id stands in for when a hook is called. */
export interface HookContext {
  readonly topic: string
  readonly field: 'key' | 'value'
  readonly subject: string | undefined
  readonly schema: Schema
}

/**
 * Where encryption of fields, data rules and the like have their place. `value` sees what the
 * program gave or will get; `payload` sees the bytes without the schema id.
 */
export interface SerdeHooks {
  value?(value: unknown, context: HookContext): unknown
  payload?(payload: Buffer, context: HookContext): Buffer
}

const isStrategy = (value: unknown): value is SubjectNameStrategy | SubjectNameStrategyName =>
  typeof value === 'function' ||
  (typeof value === 'string' && Object.hasOwn(subjectNameStrategies, value))
const isHooks = (value: unknown): value is SerdeHooks => typeof value === 'object' && value !== null

const commonOptions = {
  'subject.name.strategy': thing<SubjectNameStrategy | SubjectNameStrategyName>({
    default: 'TopicNameStrategy',
    about: 'How the subject is named under which a schema is kept.',
    allowed: `a function, or one of ${Object.keys(subjectNameStrategies).join(', ')}`,
    is: isStrategy,
  }),
  'use.latest.version': flag({
    default: false,
    about:
      "Take the subject's latest schema: to write with in place of one's own, or to read values as.",
  }),
  hooks: thing<SerdeHooks>({
    default: {},
    about: 'Called with each value and payload: the place for encryption or data rules.',
    allowed: 'an object with value or payload functions',
    is: isHooks,
  }),
} satisfies OptionSet

export const serializerOptions = {
  ...commonOptions,
  'auto.register.schemas': flag({
    default: false,
    about: 'Register the schema when it is new; otherwise it must be registered already.',
  }),
  'use.schema.id': count({
    default: 0,
    about: 'Write with the schema that has this id; 0 for none.',
  }),
  'normalize.schemas': flag({
    default: false,
    about: 'Let the registry bring schemas to one spelling before it compares them.',
  }),
  'schema.id.location': choice({
    default: 'prefix',
    of: ['prefix', 'header'],
    about: 'Whether the schema id goes before the payload or into a record header.',
  }),
  'record.name': text<string | undefined>({
    default: undefined,
    about: "The record's name for the subject, where there is no own schema to take it from.",
  }),
} satisfies OptionSet

export const deserializerOptions = { ...commonOptions } satisfies OptionSet

/** How values are written: every one of the serializers' settings in docs/configuration.md. */
export type SerializerOptions = OptionsInput<typeof serializerOptions>
export type SerializerSettings = Parsed<typeof serializerOptions>
/** How values are read: every one of the deserializers' settings in docs/configuration.md. */
export type DeserializerOptions = OptionsInput<typeof deserializerOptions>
export type DeserializerSettings = Parsed<typeof deserializerOptions>

/** Checks a serializer's options; a contradiction is a ConfigError. */
export function configureSerializer(
  input: SerializerOptions,
  schema: object | undefined,
): SerializerSettings {
  const settings = parsed(serializerOptions, input)
  const chosen = [
    settings.autoRegisterSchemas && 'auto.register.schemas',
    settings.useLatestVersion && 'use.latest.version',
    settings.useSchemaId > 0 && 'use.schema.id',
  ].filter(each => typeof each === 'string')
  if (chosen.length > 1) {
    throw new ConfigError(`${chosen.join(' and ')} contradict each other`, 'choose one')
  }
  if (schema === undefined && !settings.useLatestVersion && settings.useSchemaId === 0) {
    throw new ConfigError('a serializer needs a schema, use.latest.version or use.schema.id')
  }
  return settings
}

export function configureDeserializer(
  input: DeserializerOptions,
  readerSchema: Schema | undefined,
): DeserializerSettings {
  const settings = parsed(deserializerOptions, input)
  if (settings.useLatestVersion && readerSchema !== undefined) {
    throw new ConfigError('use.latest.version and a reader schema contradict each other')
  }
  return settings
}

export function strategyOf(
  given: SubjectNameStrategy | SubjectNameStrategyName,
): SubjectNameStrategy {
  return typeof given === 'function' ? given : subjectNameStrategies[given]
}

function parsed<const S extends OptionSet>(set: S, input: Readonly<Record<string, unknown>>) {
  try {
    return parseOptions(set, input).values
  } catch (error) {
    if (error instanceof OptionProblem) throw new ConfigError(error.message, error.hint)
    throw error
  }
}
