import { Ajv, type Options } from 'ajv'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvDraft04 from 'ajv-draft-04'
import ajvFormats from 'ajv-formats'
import { SchemaProblem } from '../serde/format.ts'

/** The drafts of JSON Schema by which schemas can be read. */
type Draft = '4' | '6' | '7' | '2019-09' | '2020-12'

/** A schema that names no draft is read by this one, as Confluent's clients do. */
const defaultDraft: Draft = '7'

/** The draft that a schema names in `$schema`. */
export function draftOf(schema: unknown): Draft {
  const named = typeof schema === 'object' && schema !== null && '$schema' in schema
  const uri = named ? String((schema as { $schema: unknown }).$schema) : undefined
  if (uri === undefined || /json-schema\.org\/schema#?$/.test(uri)) return defaultDraft
  const draft = /^https?:\/\/json-schema\.org\/draft[-/]0?(4|6|7|2019-09|2020-12)\/schema#?$/.exec(
    uri,
  )
  if (draft) return draft[1] as Draft
  throw new SchemaProblem(
    `its $schema is ${uri}, and only the drafts 4, 6, 7, 2019-09 and 2020-12 are known`,
  )
}

/** A validator of a draft, before it knows any schema. */
export function validatorOf(draft: Draft, options: Options): Ajv {
  const ajv = make(draft, options)
  // Both packages are CommonJS whose types say `default` for what Node gives as the default.
  ajvFormats.default(ajv)
  return ajv
}

function make(draft: Draft, options: Options): Ajv {
  switch (draft) {
    case '4':
      return new ajvDraft04.default(options)
    case '2019-09':
      return new Ajv2019(options)
    case '2020-12':
      return new Ajv2020(options)
    default:
      // Draft 7 says everything that draft 6 says.
      return new Ajv(options)
  }
}
