import { expect, test } from 'vitest'
import { run } from '../support/run.ts'

test('the example with vitest runs', async () => {
  const config = ['--config', 'examples/testing/vitest.config.ts']
  const { code, stdout, stderr } = await run('npx', ['vitest', 'run', ...config])
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*1 passed/s)
})

test("the example with Node's own test runner runs, and leaves nothing open", async () => {
  const args = ['--import', 'tsx', '--test', 'examples/testing/bills.node.ts']
  const { code, stdout, stderr } = await run('node', args)
  expect(`${code} ${stdout}${stderr}`).toMatch(/^0 .*pass 1\b/s)
})
