import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import type { Registry } from './apicurio.ts'
import { cached, root } from './cache.ts'
import { firstLine } from './first-line.ts'
import { runOrThrow } from './run.ts'
import { lacks } from './tools.ts'

const sources = join(root, 'test', 'registry', 'srfake')

/** A `describe` for tests with srfake: skipped without Go, an error with CI=true. */
export const describeWithSrfake = describe.skipIf(lacks('go'))

/** Starts franz-go's fake registry, which keeps schemas and judges none. Call it in `beforeAll`. */
export async function startSrfake(): Promise<Registry> {
  const program = await cached(`srfake-${await hashOfSources()}`, async folder => {
    await runOrThrow('go', ['build', '-o', join(folder, 'srfake'), '.'], { cwd: sources })
  })
  // It ends with its standard input, and so with this process.
  const child = spawn(join(program, 'srfake'), { stdio: ['pipe', 'pipe', 'inherit'] })
  const url = await firstLine(child)
  return {
    url,
    async stop() {
      const gone = once(child, 'exit')
      child.stdin.end()
      await gone
    },
  }
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['main.go', 'go.mod', 'go.sum']) {
    hash.update(await readFile(join(sources, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
