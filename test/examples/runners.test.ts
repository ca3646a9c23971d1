import { createHash } from 'node:crypto'
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { cached, root } from '../support/cache.ts'
import { builtPackage } from '../support/package.ts'
import { run, runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

vi.setConfig({ testTimeout: 180_000 })

// By themselves they give a test or a hook 5 to 30 s: enough, but where others run beside them.
const PATIENCE_MS = '60000'

test('the example with vitest runs', async () => {
  const config = ['--config', 'examples/testing/vitest.config.ts']
  const limits = ['--testTimeout', PATIENCE_MS, '--hookTimeout', PATIENCE_MS]
  const { code, stdout, stderr } = await run('npx', ['vitest', 'run', ...config, ...limits])
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*1 passed/s)
})

test("the example with Node's own test runner runs, and leaves nothing open", async () => {
  const args = ['--import', 'tsx', '--test', 'examples/testing/bills.node.ts']
  const { code, stdout, stderr } = await run('node', args)
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*pass 1\b/s)
})

describe.skipIf(lacks('npm'))('the example with jest', () => {
  test('runs, leaves nothing open, and ends by itself', { timeout: 300_000 }, async () => {
    const folder = await jestProject()
    try {
      const { code, stdout, stderr } = await run(
        'npm',
        ['test', '--', '--testTimeout', PATIENCE_MS],
        {
          cwd: folder,
        },
      )
      expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*Tests: +2 passed, 2 total/s)
      expect(stderr).not.toMatch(/open handle|did not exit|force exited/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

/** The example in a folder of its own, with jest, and with this package as if it were installed. */
async function jestProject(): Promise<string> {
  const source = join(root, 'examples/testing/jest')
  const files = ['package.json', 'package-lock.json']
  const lock = await readFile(join(source, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const jest = await cached(`jest-${hash}`, async to => {
    for (const file of files) await copyFile(join(source, file), join(to, file))
    await runOrThrow('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: to })
  })
  // Below jest's folder, so that it is found, and with it the repository's own dependencies.
  const folder = await mkdtemp(join(jest, 'project-'))
  for (const file of ['package.json', 'bills.test.js']) {
    await copyFile(join(source, file), join(folder, file))
  }
  const installed = join(folder, 'node_modules/posthaste')
  const built = await builtPackage()
  await mkdir(installed, { recursive: true })
  await cp(join(built, 'dist'), join(installed, 'dist'), { recursive: true })
  await copyFile(join(root, 'package.json'), join(installed, 'package.json'))
  await symlink(join(jest, 'node_modules/.bin'), join(folder, 'node_modules/.bin'))
  await rm(built, { recursive: true })
  return folder
}
