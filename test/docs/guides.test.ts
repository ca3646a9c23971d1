import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { buildPage } from '../../scripts/build-page.ts'
import { root } from '../support/cache.ts'
import { builtPackage } from '../support/package.ts'
import { blocksOf, isShown } from './blocks.ts'
import { Guide } from './guide.ts'

// What the documents show is run: blocks.ts says how a document is to be written.
const guides = readdirSync(join(root, 'docs/guides')).filter(name => name.endsWith('.md'))
const documents = ['README.md', ...guides.map(name => `docs/guides/${name}`)]

vi.setConfig({ testTimeout: 120_000 })

let installed: string
beforeAll(async () => {
  installed = await builtPackage()
  await buildPage(join(installed, 'dist/dashboard/page'))
})
afterAll(() => rm(installed, { recursive: true, force: true }))

describe.each(documents)('%s', path => {
  const blocks = blocksOf(readFileSync(join(root, path), 'utf8'))
  let guide: Guide
  beforeAll(async () => {
    guide = await Guide.start(installed)
  })
  afterAll(() => guide?.stop())

  test.each(blocks.map(block => ({ ...block, path })))('$path:$line', async block => {
    await guide.run(block)
  })
})

describe('blocks', () => {
  const document = [
    'Text.',
    '```js',
    'one()',
    '```',
    '',
    '```text',
    'prints …',
    '```',
    '<!-- file: a.json -->',
    '```json',
    '{}',
    '```',
    '<!-- not run: it never ends -->',
    '```sh',
    'forever',
    '```',
    '<!-- setup',
    'const a = 1',
    '-->',
    '```ts',
    'use(a)',
    '```',
    '```yaml',
    'a: 1',
    '```',
  ].join('\n')

  test('are told with their lines, outputs, files and setups', () => {
    const none = { output: undefined, file: undefined }
    expect(blocksOf(document)).toEqual([
      { ...none, line: 3, language: 'js', code: 'one()\n', output: 'prints …\n' },
      { ...none, line: 11, language: 'json', code: '{}\n', file: 'a.json' },
      { ...none, line: 21, language: 'ts', code: 'const a = 1\nuse(a)\n' },
    ])
  })

  test('with a comment that nobody knows are refused', () => {
    expect(() => blocksOf('<!-- notrun: x -->\n```sh\na\n```\n')).toThrow(/line 3: what is "notrun/)
  })

  test('print what is shown, with anything for an ellipsis, and nothing more', () => {
    expect(isShown('a … (1)\n', 'a b\nc (1)\n')).toBe(true)
    expect(isShown('a\n', 'a\nb\n')).toBe(false)
    expect(isShown('a.c\n', 'abc\n')).toBe(false)
  })
})
