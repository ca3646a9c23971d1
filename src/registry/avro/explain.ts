import avsc, { type Type } from 'avsc'
import { type Misfit, pathText, shown } from '../serde/format.ts'
import { isOurs } from './logical.ts'

/** At most so many misfits of one value are told. */
const maxMisfits = 10

/** Where a value does not fit a type. */
export function explainMisfit(type: Type, value: unknown): Misfit[] {
  const misfits: Misfit[] = []
  type.isValid(value, {
    errorHook(path: string[], actual: unknown, expected: Type) {
      if (misfits.length >= maxMisfits) return
      const text = pathText(path)
      misfits.push({ path: text, expected: expectation(expected), actual: shown(actual) })
    },
  })
  return misfits
}

const primitiveWords: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'a boolean',
  int: 'an int (a whole number of 32 bits)',
  long: "a long (a whole number below 2^53 - 1; more with long: 'bigint')",
  'abstract:long': 'a long (a bigint, or a whole number)',
  float: 'a float',
  double: 'a double',
  bytes: 'bytes (a Buffer)',
  string: 'a string',
}

function expectation(type: Type): string {
  if (isOurs(type)) return type.conversion.about
  if (type instanceof avsc.types.EnumType) return `${type.name}, one of ${type.symbols.join(', ')}`
  if (type instanceof avsc.types.FixedType) return `${type.name}, a Buffer of ${type.size} bytes`
  if (type instanceof avsc.types.ArrayType) return 'an array'
  if (type instanceof avsc.types.MapType) return 'an object of any keys'
  if (type instanceof avsc.types.RecordType) return `a record ${type.name ?? ''}`.trimEnd()
  if (type instanceof avsc.types.UnwrappedUnionType) return type.types.map(expectation).join(' or ')
  if (type instanceof avsc.types.WrappedUnionType) {
    const branches = type.types.map(each =>
      each.typeName === 'null' ? 'null' : `{ '${each.branchName}': … }`,
    )
    return branches.join(' or ')
  }
  return primitiveWords[type.typeName] ?? type.typeName
}
