import { expect, test } from 'vitest'
import { isCalled, type Member } from '../../../scripts/api/declaration.ts'
import { entryPoints, isDerived } from '../../../scripts/docs/api.ts'

// That the pages are what the code says, generated.test.ts looks at.

const points = entryPoints()

test('public names are found with their members, through files that pass them on', () => {
  const all = points.find(({ name }) => name === 'posthaste')!.names
  const producer = all.find(({ name }) => name === 'Producer')!
  const produce = producer.members.find(({ name }) => name === 'produce')!
  expect(produce.signature).toMatch(/^produce\(record: .*\): boolean$/)
  expect(produce.doc).toMatch(/^Takes a record and returns at once/)
  expect(producer.members.map(({ name }) => name)).not.toContain('#intake')
  const admin = all.find(({ name }) => name === 'Admin')!
  const topics = admin.members.find(({ name }) => name === 'topics')!
  expect(topics.parts.map(({ name }) => name)).toContain('createPartitions')
})

test.each(points)('each public name of $name has a docstring', ({ names }) => {
  const bare = names.filter(each => each.doc === '' && !isDerived(each, names))
  expect(bare.map(({ name, path }) => `${name} in ${path}`)).toEqual([])
})

test.each(points)('and each member of its classes', ({ names }) => {
  const bare = names
    .filter(({ kind }) => kind === 'class')
    .flatMap(({ name, members }) => undocumented(members).map(member => `${name}.${member}`))
  expect(bare).toEqual([])
})

function undocumented(members: readonly Member[]): string[] {
  return members
    .filter(({ name }) => isCalled(name))
    .flatMap(({ name, signature, doc, parts }) => [
      // The name of an error's class says what its docstring would.
      ...(doc === '' && !/^override readonly name\b/.test(signature) ? [name] : []),
      ...undocumented(parts).map(part => `${name}.${part}`),
    ])
}
