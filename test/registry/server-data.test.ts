import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RegistryError } from '../../src/errors.ts'
import { EmbeddedRegistry } from '../../src/registry/server/index.ts'
import { root } from '../support/cache.ts'
import { firstLine } from '../support/first-line.ts'
import { id, record, TestRegistry } from './server-client.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'posthaste-registry-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const file = () => join(dataDir, 'schemas.log')
const wide = (n: number) => record([id, { name: `f${n}`, type: 'int', default: n }])

async function withRegistry<T>(use: (registry: TestRegistry) => Promise<T>): Promise<T> {
  const registry = await TestRegistry.start({ dataDir })
  try {
    return await use(registry)
  } finally {
    await registry.stop()
  }
}

/** Everything that can be asked of a registry, as one text. */
async function everything(registry: TestRegistry): Promise<string> {
  const questions = [
    'GET /schemas?subjectPrefix=:*:&deleted=true',
    'GET /subjects?deleted=true',
    'GET /contexts',
    'GET /config',
    'GET /config/b?defaultToGlobal=true',
    'GET /mode/c?defaultToGlobal=true',
    'GET /schemas/ids/1?fetchMaxId=true',
  ]
  const answers = await Promise.all(questions.map(question => registry.ask(question)))
  return JSON.stringify(answers, null, 1)
}

test('all that was changed is there after a restart', async () => {
  const before = await withRegistry(async registry => {
    await registry.register('a', wide(1))
    await registry.register('a', wide(2))
    await registry.register(':.test:a', wide(3))
    await registry.register('b', '"int"', { metadata: { properties: { owner: 'shop' } } })
    await registry.get('DELETE /subjects/a/versions/1')
    await registry.get('PUT /config/b', { compatibility: 'FULL', normalize: true })
    await registry.register('c', '"long"')
    await registry.get('DELETE /subjects/c')
    await registry.get('DELETE /subjects/c?permanent=true')
    await registry.get('PUT /mode/c', { mode: 'READONLY' })
    return everything(registry)
  })
  expect(await withRegistry(everything)).toBe(before)
  // The id of the schema that is gone stays taken.
  expect(await withRegistry(registry => registry.register('d', '"bytes"'))).toBe(5)
})

test('wherever a write was torn, what was kept before it is there', async () => {
  const kept = await withRegistry(async registry => {
    await registry.register('a', wide(1))
    const bytes = await readFile(file())
    await registry.register('a', wide(2))
    return bytes.length
  })
  const whole = await readFile(file())
  const cuts = [0, 1, 20, kept, kept + 1, kept + 8, kept + 9, whole.length - 2, whole.length - 1]
  for (const cut of cuts) {
    await writeFile(file(), whole.subarray(0, cut))
    const versions = await withRegistry(async registry => {
      const answer = await registry.ask('GET /subjects/a/versions')
      await registry.register('a', wide(3))
      return answer.body
    })
    if (cut >= kept) expect(versions, `cut at ${cut}`).toEqual([1])
    const again = await withRegistry(registry => registry.get('GET /subjects/a/versions'))
    expect(again, `cut at ${cut}`).toEqual(cut >= kept ? [1, 2] : [1])
  }
})

test('what was answered survives kill -9', async () => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(root, 'test', 'registry', 'server-child.ts'), dataDir],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = once(child, 'exit')
  const url = await firstLine(child)
  let answered = 0
  const registering = (async () => {
    for (let n = 1; ; n++) {
      const body = JSON.stringify({ schema: JSON.stringify(wide(n)) })
      const response = await fetch(`${url}/subjects/a/versions`, { method: 'POST', body })
      await response.json()
      answered = n
      // It dies while more is being written.
      if (n === 30) child.kill('SIGKILL')
    }
  })()
  await expect(registering).rejects.toThrow()
  await gone
  const versions = await withRegistry(registry => registry.get('GET /subjects/a/versions'))
  const count = Array.isArray(versions) ? versions.length : 0
  expect(count).toBeGreaterThanOrEqual(answered)
  expect(count).toBeLessThanOrEqual(answered + 1)
})

async function refusal(): Promise<RegistryError> {
  const before = await readdir(dataDir)
  const error: unknown = await EmbeddedRegistry.start({ dataDir }).then(
    started => started.stop(),
    thrown => thrown,
  )
  if (!(error instanceof RegistryError)) throw new Error(`not refused: ${String(error)}`)
  expect(await readdir(dataDir)).toEqual(before)
  return error
}

test('a folder that is in use is refused', async () => {
  await withRegistry(async () => {
    expect(await refusal()).toMatchObject({ code: 'DATA_FOLDER_LOCKED', fatal: true })
  })
  await withRegistry(registry => registry.get('GET /subjects'))
})

test('a damaged folder is refused, and left as it is', async () => {
  await withRegistry(async registry => {
    await registry.register('a', wide(1))
    await registry.register('a', wide(2))
  })
  const whole = await readFile(file())
  const copy = `${dataDir}-copy`
  await cp(dataDir, copy, { recursive: true })
  const text = String(whole)
  const damages = [
    text.replace('f1', 'f7'),
    text.replace('\n', '\nx'),
    text.replace(/\n(.*)\n/, '\n'.padEnd(40, 'z')),
  ]
  for (const damaged of damages) {
    await writeFile(file(), damaged)
    const error = await refusal()
    expect(error.code).toBe('DATA_FOLDER_DAMAGED')
    expect(error.message).toContain('schemas.log, line 2')
    expect(String(await readFile(file()))).toBe(damaged)
  }
  await rm(copy, { recursive: true })
})

test('a folder of another version, or of something else, is refused', async () => {
  await withRegistry(registry => registry.register('a', wide(1)))
  const text = String(await readFile(file()))
  await writeFile(file(), text.replace('format 1', 'format 2'))
  expect(await refusal()).toMatchObject({ code: 'DATA_FOLDER_OTHER_VERSION' })
  await writeFile(file(), 'a letter\n')
  expect(await refusal()).toMatchObject({ code: 'DATA_FOLDER_NOT_OURS' })
  await rm(file())
  await writeFile(join(dataDir, 'letter.txt'), '')
  expect(await refusal()).toMatchObject({ code: 'DATA_FOLDER_NOT_OURS' })
})

test('a port that is taken is said, and the folder is free again', async () => {
  const taken = await EmbeddedRegistry.start()
  const port = Number(new URL(taken.url).port)
  await expect(EmbeddedRegistry.start({ dataDir, port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  })
  await taken.stop()
  await withRegistry(registry => registry.get('GET /subjects'))
})

test('stopping twice is fine, and `await using` stops it', async () => {
  let url = ''
  {
    await using registry = await EmbeddedRegistry.start({ dataDir })
    url = registry.url
    await registry.stop()
  }
  await expect(fetch(url)).rejects.toThrow()
})
