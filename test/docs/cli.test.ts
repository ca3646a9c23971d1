import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/cache.ts'

const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('docs/cli.md tells of each command', () => {
  const [, rest = ''] = read('docs/cli-reference.md').split('Commands:\n')
  const [list = ''] = rest.split('\n\n')
  const commands = [...list.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!)
  expect(commands).toContain('produce')
  const told = [...read('docs/cli.md').matchAll(/^## (.*)$/gm)].map(([, title]) =>
    title!.toLowerCase(),
  )
  expect(commands.filter(name => name !== 'help' && !told.includes(name))).toEqual([])
})
