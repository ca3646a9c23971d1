import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { cached } from '../support/cache.ts'
import { type Outcome, type RunOptions, run, runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

const manifest = join(import.meta.dirname, 'requirements.txt')

/** A `describe` for tests with Python clients: skipped without python3, an error with CI=true. */
export const describeWithPython = describe.skipIf(lacks('python3'))

/**
 * The path of a Python interpreter that has confluent-kafka and kafka-python, with every codec.
 * The first call makes a virtual environment from PyPI; later ones find it in the cache folder.
 */
export async function pythonWithClients(): Promise<string> {
  const requirements = await readFile(manifest)
  // An environment belongs to the Python it was made by.
  const { stdout: version } = await runOrThrow('python3', ['-VV'])
  const hash = createHash('sha256').update(requirements).update(version).digest('hex').slice(0, 12)
  const folder = await cached(`python-${hash}`, makeEnvironment)
  return join(folder, 'bin', 'python')
}

/**
 * Runs a Python script with those clients to its end; its exit code is for the caller to judge.
 * Call `pythonWithClients` in `beforeAll`, so that no test's time limit pays for the download.
 */
export async function runPython(
  script: string,
  args: readonly string[] = [],
  options?: RunOptions,
): Promise<Outcome> {
  return run(await pythonWithClients(), [script, ...args], options)
}

async function makeEnvironment(folder: string): Promise<void> {
  process.stderr.write('fetching the Python clients from PyPI (once) ...\n')
  await runOrThrow('python3', ['-m', 'venv', folder])
  const install = ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
  await runOrThrow(join(folder, 'bin', 'python'), ['-m', 'pip', ...install, '-r', manifest])
}
