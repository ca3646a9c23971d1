import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Registry, startApicurio } from '../support/apicurio.ts'
import { lacks } from '../support/tools.ts'
import { apicurioDifferences, apicurioSays } from './compat-apicurio.ts'
import { levels, passes, type Row } from './compat-row.ts'
import { compatibilityTable } from './compat-table.ts'

describe.skipIf(lacks('python3', 'mvn'))('the table of changes on Apicurio Registry', () => {
  let apicurio: Registry
  beforeAll(async () => {
    apicurio = await startApicurio()
  }, 300_000)
  afterAll(() => apicurio?.stop())

  test.each(compatibilityTable)('$format: $name', async row => {
    const subject = `${row.format} ${row.name}`
    const first = { schemaType: row.format, schema: row.old }
    await ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, first)
    const says = apicurioSays(row)
    for (const level of levels) {
      expect([level, await verdictOf(row, subject, level)]).toEqual([level, passes(says, level)])
    }
  })

  async function verdictOf(row: Row, subject: string, level: string): Promise<boolean> {
    const name = encodeURIComponent(subject)
    await ask('PUT', `/config/${name}`, { compatibility: level })
    const next = { schemaType: row.format, schema: row.new }
    const answer = await ask('POST', `/compatibility/subjects/${name}/versions/latest`, next)
    // A schema that Apicurio can't read is none that it would let pass.
    return typeof answer === 'object' && answer !== null && 'is_compatible' in answer
      ? answer.is_compatible === true
      : false
  }

  async function ask(method: string, path: string, body: object): Promise<unknown> {
    const response = await fetch(apicurio.url + path, {
      method,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }
})

describe('the differences', () => {
  test('are about changes of the table, with reasons', () => {
    for (const { format, says, reason } of apicurioDifferences) {
      expect(reason).not.toBe('')
      for (const [name, verdict] of Object.entries(says)) {
        const row = compatibilityTable.find(each => each.format === format && each.name === name)
        expect(row, name).toBeDefined()
        expect(row?.expected, name).not.toBe(verdict)
      }
    }
  })
})
