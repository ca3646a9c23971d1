import type { AvroType, Decimal, EnumType, Field, PrimitiveName, RecordType } from './avro-model.ts'
import type { Compare, Finding, Rule } from './pairs.ts'

type Inside = Compare<AvroType, AvroType>

/** What else a reader's type takes than itself: the promotions of the specification. */
const promotions: Readonly<Partial<Record<PrimitiveName, readonly AvroType['is'][]>>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
}

/** The schema resolution of the Avro specification: can `reader` read what `writer` wrote? */
export const canReadAvro: Rule<AvroType, AvroType> = (reader, writer, inside) => {
  if (writer.is === 'union') return readUnion(reader, writer.branches, inside)
  if (reader.is === 'union') return readIntoUnion(reader.branches, writer, inside)
  if (reader.is !== writer.is) return promotes(reader, writer) ? [] : [typeMismatch(reader, writer)]
  return readSameKind(reader, writer, inside)
}

function readSameKind(reader: AvroType, writer: AvroType, inside: Inside): readonly Finding[] {
  if (!sameName(reader, writer)) return [nameMismatch(reader, writer)]
  if (reader.is === 'array' && writer.is === 'array') {
    return inside(reader.items, writer.items, '/items')
  }
  if (reader.is === 'map' && writer.is === 'map') {
    return inside(reader.values, writer.values, '/values')
  }
  if (reader.is === 'enum' && writer.is === 'enum') {
    return readEnum(reader, writer)
  }
  if (reader.is === 'fixed' && writer.is === 'fixed') {
    return [...readSize(reader.size, writer.size), ...readDecimal(reader, writer)]
  }
  if (reader.is === 'record' && writer.is === 'record') {
    return readFields(reader, writer, inside)
  }
  return readDecimal(reader, writer)
}

function promotes(reader: AvroType, writer: AvroType): boolean {
  const primitive = reader.is as PrimitiveName
  return promotions[primitive]?.includes(writer.is) ?? false
}

/** Data may hold any of the writer's branches, so each must be read. */
function readUnion(reader: AvroType, branches: readonly AvroType[], inside: Inside): Finding[] {
  return branches.flatMap(branch => inside(reader, branch, ''))
}

/** One branch that can read it is enough. */
function readIntoUnion(branches: readonly AvroType[], writer: AvroType, inside: Inside): Finding[] {
  let found: readonly Finding[] | undefined
  for (const [i, branch] of branches.entries()) {
    if (!isAlike(branch, writer)) continue
    // Where only the same record differs inside, what differs says more than "missing".
    found = inside(branch, writer, `/${i}`)
    if (found.length === 0) return []
  }
  return found ? [...found] : [missingBranch(writer)]
}

/** Whether a branch may read it, as far as kinds and names tell. */
function isAlike(branch: AvroType, writer: AvroType): boolean {
  return branch.is === writer.is ? sameName(branch, writer) : promotes(branch, writer)
}

function missingBranch(branch: AvroType): Finding {
  const message = `the {reader} schema has no branch for ${shown(branch)} of the {writer} schema`
  return { type: 'MISSING_UNION_BRANCH', path: '', message }
}

function readFields(reader: RecordType, writer: RecordType, inside: Inside): Finding[] {
  const written = new Map(writer.fields.map(field => [field.name, field]))
  return reader.fields.flatMap((field, i) => {
    const at = `/fields/${i}`
    const source = sourceOf(field, written)
    if (source) return [...inside(field.type, source.type, `${at}/type`)]
    return field.hasDefault ? [] : [missingDefault(field, at)]
  })
}

function sourceOf(field: Field, written: ReadonlyMap<string, Field>): Field | undefined {
  const alias = field.aliases.find(name => written.has(name))
  return written.get(field.name) ?? (alias === undefined ? undefined : written.get(alias))
}

function missingDefault({ name }: Field, path: string): Finding {
  const problem = `the field '${name}' of the {reader} schema has no default value`
  const message = `${problem} and is missing in the {writer} schema`
  return { type: 'READER_FIELD_MISSING_DEFAULT_VALUE', path, message }
}

function readEnum(reader: EnumType, writer: EnumType): Finding[] {
  const lost = writer.symbols.filter(symbol => !reader.symbols.includes(symbol))
  if (lost.length === 0 || reader.fallback !== undefined) return []
  const symbols = lost.slice(0, 10).join(', ')
  const message = `the {reader} schema lacks the symbols ${symbols} of the {writer} schema, and has no default`
  return [{ type: 'MISSING_ENUM_SYMBOLS', path: '/symbols', message }]
}

function readSize(reader: number, writer: number): Finding[] {
  if (reader === writer) return []
  const message = `the {reader} schema has ${reader} bytes, the {writer} schema ${writer}`
  return [{ type: 'FIXED_SIZE_MISMATCH', path: '/size', message }]
}

/** Decimals match only if precision and scale do, says the specification: 12.34 is not 0.1234. */
function readDecimal(reader: { decimal?: Decimal } | AvroType, writer: typeof reader): Finding[] {
  const one = 'decimal' in reader ? reader.decimal : undefined
  const other = 'decimal' in writer ? writer.decimal : undefined
  if (!one || !other) return []
  if (one.precision === other.precision && one.scale === other.scale) return []
  const shape = ({ precision, scale }: Decimal) => `decimal(${precision}, ${scale})`
  const message = `the {reader} schema has ${shape(one)}, the {writer} schema ${shape(other)}`
  return [{ type: 'TYPE_MISMATCH', path: '', message }]
}

function nameMismatch(reader: AvroType, writer: AvroType): Finding {
  const names = `${shown(reader)} in the {reader} schema, ${shown(writer)} in the {writer} schema`
  return { type: 'NAME_MISMATCH', path: '/name', message: `the name is ${names}` }
}

/** Names match without their namespaces; or the reader knows the writer's name as an alias. */
function sameName(reader: AvroType, writer: AvroType): boolean {
  if (!('name' in reader) || !('name' in writer)) return true
  return (
    unqualified(reader.name) === unqualified(writer.name) || reader.aliases.includes(writer.name)
  )
}

const unqualified = (name: string) => name.slice(name.lastIndexOf('.') + 1)

function typeMismatch(reader: AvroType, writer: AvroType): Finding {
  const types = `${shown(reader)} in the {reader} schema, ${shown(writer)} in the {writer} schema`
  return { type: 'TYPE_MISMATCH', path: '', message: `the type is ${types}` }
}

function shown(type: AvroType): string {
  return 'name' in type ? type.name : type.is
}
