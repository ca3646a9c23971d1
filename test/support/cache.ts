import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..', '..')

const cacheFolder = join(root, '.cache')
const inThisProcess = new Map<string, Promise<string>>()

/**
 * A folder that is made once and kept: jars, a Python environment. `name` must change whenever
 * what goes into the folder does (put a hash of its manifest into it).
 *
 * `make` fills a folder of its own, which gets its final name by one rename; so a folder that has
 * its final name is whole, even after a crash. The lock beside it only saves two processes from
 * doing the same work at the same time.
 */
export function cached(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const known = inThisProcess.get(name) ?? makeOnce(join(cacheFolder, name), make)
  inThisProcess.set(name, known)
  known.catch(() => inThisProcess.delete(name))
  return known
}

async function makeOnce(folder: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder
  await mkdir(cacheFolder, { recursive: true })
  const unlock = await lock(`${folder}.lock`)
  const draft = `${folder}.${process.pid}`
  try {
    if (await exists(folder)) return folder
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft)
    await make(draft)
    await rename(draft, folder)
    return folder
  } finally {
    await rm(draft, { recursive: true, force: true })
    await unlock()
  }
}

/** Waits until no living process holds the lock, then holds it; gives what frees it. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return () => rm(file, { force: true })
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EEXIST') throw error
    }
    if (await isAbandoned(file)) await rm(file, { force: true })
    else await pause(200)
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''))
  // Nothing to read: the lock was freed just now, or its owner is about to write its id.
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
