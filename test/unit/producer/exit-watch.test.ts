import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../support/cache.ts'
import { run } from '../../support/run.ts'

/** A whole program, since what is watched is the end of one. */
async function program(code: string) {
  const source = `
    import { Producer } from ${JSON.stringify(join(root, 'src/index.ts'))}
    const producer = new Producer({ 'bootstrap.servers': '127.0.0.1:1', 'client.id': 'forgetful' })
    ${code}
  `
  const args = ['--import', 'tsx', '--input-type=module', '-e', source]
  return run(process.execPath, args, { cwd: root })
}

test('a program that ends with records on hand is warned once, with their number', async () => {
  const { stderr } = await program(`
    for (let i = 0; i < 3; i++) producer.produce({ topic: 't', value: 'v' })
    process.exit(0)
  `)
  expect(stderr.match(/producer\.not\.closed/g)).toHaveLength(1)
  expect(stderr).toContain('clientId=forgetful undelivered=3')
})

test('a program that has nothing on hand, or closed its producer, hears nothing', async () => {
  expect((await program('process.exit(0)')).stderr).not.toContain('not.closed')
  const closed = await program(`
    producer.produce({ topic: 't', value: 'v' })
    await producer.close({ timeout: 10 })
  `)
  expect(closed.stderr).not.toContain('not.closed')
})
