import { describe, expect, test } from 'vitest'
import type { OptionSet } from '../../../src/base/options.ts'
import { foreignSettings, settingsOf } from '../../../src/cluster/foreign-settings.ts'
import { clientOptions, configure } from '../../../src/cluster/options.ts'
import { ConfigError } from '../../../src/errors.ts'
import { adminOptions, consumerOptions, producerOptions } from '../../../src/index.ts'
import { telemetryOptions } from '../../../src/telemetry/options.ts'

const sets: Readonly<Record<string, OptionSet>> = {
  Producer: producerOptions,
  Consumer: consumerOptions,
  Admin: adminOptions,
}
const rows = Object.entries(foreignSettings).flatMap(([client, settings]) =>
  Object.entries(settings).map(([name, each]) => ({ client, name, ...each })),
)
const everySetting = new Set(Object.values(sets).flatMap(set => Object.keys(set)))

/** What a client says of one setting that it does not know. */
function answer(set: OptionSet, name: string): string {
  try {
    configure(set, { [name]: 'x' })
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'taken'
}

/** The names by which a set's settings are read, as somebody writes them. */
function namesOf(set: OptionSet): string[] {
  return Object.entries(set).flatMap(([name, { aliases, scaled }]) => [
    name,
    ...aliases,
    ...Object.keys(scaled),
  ])
}

describe('the names of settings that other clients have', () => {
  test.each(rows)('$client: $name points at what there is', ({ setting, words }) => {
    if (setting !== undefined) expect(everySetting).toContain(setting)
    else expect(words).not.toBe('')
    const named = words.match(/(?<![\w.])[a-z]+(\.[a-z]+)+(?![\w.(])/g) ?? []
    expect(named.filter(name => !everySetting.has(name))).toEqual([])
  })

  test.each(rows)('$client: $name is answered by every client', ({ name, setting, words }) => {
    for (const set of Object.values(sets)) {
      const said = answer(set, name)
      expect(said).toMatch(new RegExp(`^unknown setting ${name.replaceAll('.', '\\.')}; `))
      if (setting === undefined) expect(said).toContain(`there is none: ${words}`)
      else expect(said).toContain(`here it is ${setting}`)
    }
  })

  test('each is foreign: none of them is read by any client', () => {
    const read = new Set(Object.values(sets).flatMap(namesOf))
    expect(rows.filter(({ name }) => read.has(name))).toEqual([])
  })

  test('no two tell different things of one name', () => {
    const told = new Map<string, string>()
    for (const { name, setting, words } of rows) {
      const word = name.toLowerCase().replace(/[^a-z]/g, '')
      expect(told.get(word), name).toBeUndefined()
      told.set(word, `${setting}${words}`)
    }
  })
})

describe('a setting of another kind of client', () => {
  test.each(Object.keys(sets))('%s: the table knows all that it alone has', owner => {
    const others = Object.entries(sets).filter(([name]) => name !== owner)
    const shared = new Set([
      ...namesOf(clientOptions),
      ...namesOf(telemetryOptions),
      ...others.flatMap(([, set]) => namesOf(set)),
    ])
    const alone = namesOf(sets[owner]!).filter(name => !shared.has(name))
    expect([...settingsOf[owner]!].sort()).toEqual(alone.sort())
  })

  test.each<[string, string, string]>([
    ['Producer', 'group.id', 'group.id is a setting of a Consumer'],
    ['Producer', 'session_timeout_ms', 'session.timeout.ms is a setting of a Consumer'],
    ['Producer', 'fetch.message.max.bytes', 'fetch.message.max.bytes is a setting of a Consumer'],
    ['Consumer', 'lingerMs', 'linger.ms is a setting of a Producer'],
    ['Consumer', 'idempotent', 'here it is enable.idempotence (enableIdempotence), a setting of a'],
    ['Consumer', 'default.api.timeout.ms', 'default.api.timeout.ms is a setting of an Admin'],
    ['Producer', 'linger_ms', 'did you mean linger.ms (lingerMs)?'],
    ['Producer', 'max_in_flight', 'did you mean max.in.flight.requests.per.connection'],
    ['Consumer', 'bootstrap_servers', 'did you mean bootstrap.servers (bootstrapServers)?'],
    ['Producer', 'retrys', 'did you mean retries?'],
  ])('%s, given %s', (owner, name, said) => {
    expect(answer(sets[owner]!, name)).toContain(`unknown setting ${name}; ${said}`)
  })
})
