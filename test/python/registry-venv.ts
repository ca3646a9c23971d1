import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from '../support/cache.ts'
import { runOrThrow } from '../support/run.ts'

const manifest = join(import.meta.dirname, 'registry-requirements.txt')

/**
 * The path of a Python interpreter that has confluent-kafka's serdes and protoc. The first
 * call makes a virtual environment from PyPI; later ones find it in the cache folder.
 */
export async function pythonWithRegistry(): Promise<string> {
  const requirements = await readFile(manifest)
  const { stdout: version } = await runOrThrow('python3', ['-VV'])
  const hash = createHash('sha256').update(requirements).update(version).digest('hex').slice(0, 12)
  const folder = await cached(`python-registry-${hash}`, makeEnvironment)
  return join(folder, 'bin', 'python')
}

async function makeEnvironment(folder: string): Promise<void> {
  process.stderr.write('fetching the Python serdes from PyPI (once) ...\n')
  await runOrThrow('python3', ['-m', 'venv', folder])
  const install = ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:']
  await runOrThrow(join(folder, 'bin', 'python'), ['-m', 'pip', ...install, '-r', manifest])
}
