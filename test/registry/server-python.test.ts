import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { EmbeddedRegistry } from '../../src/registry/server/index.ts'
import { pythonWithRegistry } from '../python/registry-venv.ts'
import { root } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

describe.skipIf(lacks('python3'))('confluent-kafka for Python on the embedded registry', () => {
  let python: string
  beforeAll(async () => {
    python = await pythonWithRegistry()
  }, 300_000)

  test('registers, looks up, compares, configures and deletes', async () => {
    await using registry = await EmbeddedRegistry.start()
    const script = join(root, 'test', 'python', 'registry_client.py')
    const { stdout } = await runOrThrow(python, [script, registry.url])
    expect(JSON.parse(stdout)).toEqual({
      ids: [1, 2],
      again: 1,
      whole: 1,
      lookup: ['orders', 2, 2],
      latest: [2, 'note'],
      versions: [1, 2],
      subjects: ['copies', 'orders'],
      schema: 'Order',
      'by guid': 'Order',
      'of id': [
        ['copies', 1],
        ['orders', 1],
      ],
      compatible: [true, false],
      breaking: [409, 409, expect.stringContaining('TYPE_MISMATCH')],
      unknown: [404, 40401, "Subject 'nothing' not found."],
      level: 'BACKWARD',
      'own level': 'NONE',
      config: 'FULL',
      full: [409, 409, expect.stringContaining("compatibility: 'FULL'")],
      reference: 3,
      referred: ['Order', 'orders', 1],
      guarded: [422, 42206, expect.stringContaining('references exist')],
      deleted: [1, 2],
      left: ['copies'],
      gone: [404, 40401, expect.stringContaining('nothing')],
    })
  })
})
