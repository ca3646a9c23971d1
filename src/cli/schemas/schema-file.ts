import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { Schema, SchemaReference, SchemaType } from '../../registry/index.ts'
import { fileError, UsageError } from '../exit.ts'

const types: Readonly<Record<string, SchemaType>> = {
  avro: 'AVRO',
  protobuf: 'PROTOBUF',
  json: 'JSON',
}

const typesByExtension: Readonly<Record<string, SchemaType>> = {
  '.avsc': 'AVRO',
  '.proto': 'PROTOBUF',
  '.json': 'JSON',
}

/** How a schema's file is to be taken. */
export interface SchemaFlags {
  readonly format?: string | undefined
  readonly reference?: readonly SchemaReference[]
}

/** `--format`, of schemas; made anew for each command that has it. */
export function formatOption(): Option {
  const about = 'the kind of schema (default: by its name: .avsc, .proto, .json)'
  return new Option('--format <format>', about).choices(Object.keys(types))
}

export function referenceOption(): Option {
  const about = 'a schema that this one uses, by the name it is used under; may be repeated'
  return new Option('--reference <name=subject:version>', about).argParser(references)
}

/** Reads a schema from its file, with its kind and what it refers to. */
export function schemaFrom(file: string, { format, reference = [] }: SchemaFlags): Schema {
  const schemaType = typeOf(file, format)
  let schema: string
  try {
    schema = readFileSync(file, 'utf8')
  } catch (error) {
    throw fileError(file, error)
  }
  return { schema, schemaType, ...(reference.length > 0 && { references: reference }) }
}

export function typeOf(file: string, format: string | undefined): SchemaType {
  const found = format === undefined ? typesByExtension[extname(file)] : types[format]
  if (found) return found
  throw new UsageError(
    `${file}: its name does not tell what kind of schema it is`,
    'give --format avro, protobuf or json',
  )
}

/** A parser for commander: `common.proto=common:1`. */
function references(text: string, before: readonly SchemaReference[] = []): SchemaReference[] {
  const [, name, subject, version] = /^([^=]+)=(.+):(\d{1,9})$/.exec(text) ?? []
  if (name === undefined || subject === undefined || Number(version) < 1) {
    throw new InvalidArgumentError('It must be name=subject:version, such as Money=money-value:1.')
  }
  return [...before, { name, subject, version: Number(version) }]
}
