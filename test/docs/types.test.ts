import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/cache.ts'
import { run } from '../support/run.ts'
import { blocksOf } from './blocks.ts'

// guides.test.ts runs what the documents show; whoever copies TypeScript has a compiler, too.

const options = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  moduleDetection: 'force',
  skipLibCheck: true,
  noEmit: true,
  paths: {
    posthaste: [join(root, 'src/index.ts')],
    'posthaste/*': [join(root, 'src/*/index.ts')],
  },
}

test('the TypeScript of the documents is right to the strictest of compilers', async () => {
  const guides = (await readdir(join(root, 'docs/guides'))).map(name => `docs/guides/${name}`)
  await mkdir(join(root, '.cache'), { recursive: true })
  const folder = await mkdtemp(join(root, '.cache', 'types-'))
  try {
    for (const path of ['README.md', ...guides]) await extract(path, folder)
    await writeFile(join(folder, 'wrong.ts'), 'export const wrong: string = 1')
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const project = { compilerOptions: options, include: ['**/*.ts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
    const { stdout } = await run(join(root, 'node_modules/.bin/tsc'), ['-p', folder], {
      cwd: folder,
    })
    const faults = stdout.split('\n').filter(line => /^\w/.test(line))
    // One that is there on purpose, so that a compiler that saw nothing is not believed.
    expect(faults).toEqual([expect.stringMatching(/^wrong\.ts.*TS2322/)])
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** The blocks of a document as files, in a folder of its own. */
async function extract(path: string, folder: string): Promise<void> {
  const own = join(folder, path.replaceAll(/\W/g, '_'))
  await mkdir(own, { recursive: true })
  for (const { line, language, code, file } of blocksOf(await readFile(join(root, path), 'utf8'))) {
    if (language !== 'ts') continue
    await writeFile(join(own, file ?? `line-${line}.ts`), code)
  }
}
