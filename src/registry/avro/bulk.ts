import avsc, { type Type } from 'avsc'
import { SchemaProblem } from '../serde/format.ts'

/** How many parts one value may have that no list and no recursion brings about. */
const maxParts = 1_000_000
/** How many of them may take no bytes. */
const maxEmpty = 100

interface Bulk {
  /** The values that are read for one of this type, with one item in each list. */
  readonly parts: number
  /** Those that no byte pays for. */
  readonly empty: number
  /** Whether the value itself takes no bytes. */
  readonly isEmpty: boolean
}

const leaf: Bulk = { parts: 1, empty: 0, isEmpty: false }

/**
 * Refuses a type of which a few bytes spell very many values: a record with two fields of a record
 * with two fields of a record … has 2^40 of them after forty, and whoever reads it, or reads on
 * behind the end of its bytes, never gets done.
 */
export function checkBulk(type: Type): void {
  const { parts, empty } = bulkOf(type, new Map())
  if (parts > maxParts) throw new SchemaProblem(`one value has more than ${maxParts} parts`)
  if (empty > maxEmpty) throw new SchemaProblem(`more than ${maxEmpty} of its parts take no bytes`)
}

/** `known` has a leaf for a type that is being counted: what recurs pays for itself in bytes. */
function bulkOf(type: Type, known: Map<Type, Bulk>): Bulk {
  const before = known.get(type)
  if (before) return before
  known.set(type, leaf)
  const bulk = counted(type, each => bulkOf(each, known))
  known.set(type, bulk)
  return bulk
}

function counted(type: Type, of: (type: Type) => Bulk): Bulk {
  const { types } = avsc
  if (type.typeName === 'null') return { parts: 1, empty: 1, isEmpty: true }
  if (type instanceof types.LogicalType) return of(type.underlyingType)
  if (type instanceof types.ArrayType) return listed(of(type.itemsType))
  if (type instanceof types.MapType) return listed(of(type.valuesType))
  if (type instanceof types.RecordType) return together(type.fields.map(each => of(each.type)))
  if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    const branches = type.types.map(of)
    const most = (figure: (bulk: Bulk) => number) => Math.max(0, ...branches.map(figure))
    // The byte that names the branch pays for one.
    return {
      parts: 1 + most(each => each.parts),
      empty: most(each => each.empty - 1),
      isEmpty: false,
    }
  }
  return leaf
}

/** A list is counted with one item; each of its items is paid for, but not all within it. */
function listed({ parts, empty }: Bulk): Bulk {
  return { parts: 1 + parts, empty, isEmpty: false }
}

function together(fields: readonly Bulk[]): Bulk {
  const sum = (figure: (bulk: Bulk) => number) =>
    fields.reduce((total, each) => total + figure(each), 0)
  const isEmpty = fields.every(each => each.isEmpty)
  return {
    parts: 1 + sum(each => each.parts),
    empty: sum(each => each.empty) + (isEmpty ? 1 : 0),
    isEmpty,
  }
}
