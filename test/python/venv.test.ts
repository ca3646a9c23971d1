import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeWithPython, pythonWithClients, runPython } from './venv.ts'

describeWithPython('the Python clients', () => {
  beforeAll(pythonWithClients)

  test('are there with every codec', async () => {
    const manifest = await readFile(join(import.meta.dirname, 'requirements.txt'), 'utf8')
    const pinned = (name: string) => manifest.match(new RegExp(`^${name}==(.+)$`, 'm'))?.[1]
    const { stdout } = await runPython(join(import.meta.dirname, 'clients.py'))
    expect(JSON.parse(stdout)).toEqual({
      'confluent-kafka': pinned('confluent-kafka'),
      librdkafka: expect.stringMatching(/^2\./),
      'kafka-python': pinned('kafka-python'),
      codecs: { gzip: true, snappy: true, lz4: true, zstd: true },
    })
  })
})
