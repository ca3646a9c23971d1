/** The kinds of configuration values, with Kafka's numbers for them. */
export const CONFIG_TYPES = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} as const

export type ConfigType = keyof typeof CONFIG_TYPES

/** Where a value comes from, with Kafka's numbers. */
export const CONFIG_SOURCES = {
  topic: 1,
  broker: 2,
  brokerDefault: 3,
  staticBroker: 4,
  default: 5,
  clientMetrics: 7,
  group: 8,
} as const

export interface ConfigRow {
  readonly type: ConfigType
  /** As text; null for none. */
  readonly fallback: string | null
  readonly about: string
  /** For numbers: the least and the greatest value. */
  readonly min?: number
  readonly max?: number
  /** For strings and lists: the words that are allowed. */
  readonly words?: readonly string[]
  /** For topics: the broker's setting from which the default comes. */
  readonly brokerName?: string
}

export type ConfigTable = Readonly<Record<string, ConfigRow>>

/** Why `value` is not allowed for a setting, in words for a person; undefined if it is. */
export function configProblem(name: string, row: ConfigRow, value: string): string | undefined {
  const complain = (what: string) => `Invalid value ${value} for configuration ${name}: ${what}`
  switch (row.type) {
    case 'boolean':
      return /^(true|false)$/i.test(value.trim()) ? undefined : complain('not true or false')
    case 'short':
    case 'int':
    case 'long':
      return integerProblem(row, value, complain)
    case 'double':
      return numberProblem(row, Number(value), value, complain)
    default:
      return wordsProblem(row, value, complain)
  }
}

type Complain = (what: string) => string

function integerProblem(row: ConfigRow, value: string, complain: Complain): string | undefined {
  if (!/^\s*[+-]?\d+\s*$/.test(value)) return complain(`not a number of type ${row.type}`)
  return numberProblem(row, Number(value), value, complain)
}

const LIMITS: Partial<Record<ConfigType, number>> = { short: 2 ** 15, int: 2 ** 31, long: 2 ** 63 }

function numberProblem(
  row: ConfigRow,
  number: number,
  text: string,
  complain: Complain,
): string | undefined {
  const limit = LIMITS[row.type] ?? Number.POSITIVE_INFINITY
  if (text.trim() === '' || Number.isNaN(number)) return complain('not a number')
  if (number > limit || number < -limit) return complain(`not a number of type ${row.type}`)
  if (row.min !== undefined && number < row.min) return complain(`must be at least ${row.min}`)
  if (row.max !== undefined && number > row.max) return complain(`must be at most ${row.max}`)
  return undefined
}

function wordsProblem(row: ConfigRow, value: string, complain: Complain): string | undefined {
  const { words } = row
  if (!words) return undefined
  const given = row.type === 'list' ? value.split(',').map(word => word.trim()) : [value]
  const right = given.every(word => words.includes(word) || (row.type === 'list' && word === ''))
  return right ? undefined : complain(`must be ${row.type === 'list' ? 'some' : 'one'} of ${words}`)
}
