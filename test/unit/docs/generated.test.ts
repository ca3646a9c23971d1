import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { pages } from '../../../scripts/docs/pages.ts'
import { version } from '../../../src/index.ts'

const read = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')

test.each(pages)('%s is what the code says: npm run docs', async (path, make) => {
  expect(await read(path)).toBe(make())
})

test('brokers are told the version of the package', async () => {
  expect(JSON.parse(await read('package.json'))).toMatchObject({ version })
})
