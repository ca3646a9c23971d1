import type { ErrorName } from '../../protocol/errors.ts'
import { type ConfigRow, configProblem } from './config-table.ts'
import type { ConfigOverrides } from './topic-settings.ts'

/** What is to happen to a setting, with Kafka's numbers. */
export const ALTER_OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const
const { set, delete: remove, append, subtract } = ALTER_OPERATIONS

export interface Alteration {
  readonly name: string
  readonly operation: number
  readonly value: string | null
}

export type Altered =
  | { readonly is: 'altered'; readonly config: ConfigOverrides }
  | { readonly is: 'refused'; readonly error: ErrorName; readonly message: string }

/** What may be set on a kind of resource. */
export interface ConfigRules {
  /** For messages: `topic`, `group`, … */
  readonly kind: string
  /** The row of a setting; undefined for one that is not known. */
  row(name: string): ConfigRow | undefined
  /** What a list is where the resource has none of its own. */
  inherited(name: string): string | null
  /** The error for a setting or a value that can't be. */
  readonly error: ErrorName
}

/** A resource's own settings after alterations, all of them or none. */
export function alterConfig(
  own: ConfigOverrides,
  rules: ConfigRules,
  alterations: readonly Alteration[],
): Altered {
  const problem = formProblem(alterations)
  if (problem) return { is: 'refused', error: 'INVALID_REQUEST', message: problem }
  const refused = (message: string): Altered => ({ is: 'refused', error: rules.error, message })
  const config = new Map(own)
  for (const { name, operation, value } of alterations) {
    const row = rules.row(name)
    if (!row) return refused(`Unknown ${rules.kind} config name: ${name}`)
    if (operation === remove) {
      config.delete(name)
      continue
    }
    if (operation !== set && row.type !== 'list') {
      const verb = operation === append ? 'APPEND' : 'SUBTRACT'
      return refused(`Can't ${verb} to key ${name} because its type is not LIST.`)
    }
    const before = config.get(name) ?? rules.inherited(name) ?? ''
    const after = operation === set ? (value ?? '') : changedList(before, value ?? '', operation)
    const wrong = configProblem(name, row, after)
    if (wrong) return refused(wrong)
    config.set(name, after)
  }
  return { is: 'altered', config }
}

/** What is wrong with alterations whatever they are of, in words; undefined if nothing is. */
export function formProblem(alterations: readonly Alteration[]): string | undefined {
  const names = alterations.map(({ name }) => name)
  if (new Set(names).size !== names.length) return 'Error due to duplicate config keys'
  const unknown = alterations.find(
    ({ operation }) => ![set, remove, append, subtract].some(each => each === operation),
  )
  if (unknown) return `Unknown operation type ${unknown.operation} of ${unknown.name}`
  const without = alterations.filter(each => each.operation !== remove && each.value === null)
  if (without.length === 0) return undefined
  return `Null value not supported for : ${without.map(({ name }) => name).join(', ')}`
}

function changedList(before: string, value: string, operation: number): string {
  const words = before.split(',').filter(word => word !== '')
  const given = value.split(',').map(word => word.trim())
  const kept = words.filter(word => !given.includes(word))
  return (operation === append ? [...kept, ...given] : kept).join(',')
}
