import { readFileSync } from 'node:fs'
import { readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const LOCK_FILE = 'lock'
const heldHere = new Set<string>()

/**
 * Holds a folder for this process until the function that comes back is called. Undefined if
 * something else, in this process or in another living one, holds it.
 *
 * Node can't lock a file, so the lock is a file with a process id and the time at which that
 * process began: a lock whose owner is dead, or whose id now belongs to somebody else, is stale.
 */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | undefined> {
  const path = await realpath(folder)
  if (heldHere.has(path)) return undefined
  heldHere.add(path)
  try {
    if (await takeLock(join(path, LOCK_FILE))) return () => unlock(path)
  } catch (error) {
    heldHere.delete(path)
    throw error
  }
  heldHere.delete(path)
  return undefined
}

async function unlock(path: string): Promise<void> {
  await rm(join(path, LOCK_FILE), { force: true })
  heldHere.delete(path)
}

async function takeLock(file: string): Promise<boolean> {
  const mine = `${process.pid} ${startOf(process.pid)}\n`
  for (let tries = 0; tries < 3; tries++) {
    try {
      await writeFile(file, mine, { flag: 'wx' })
      return true
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
    if (!(await removeStale(file))) return false
  }
  return false
}

/**
 * Removes the lock if its owner is gone. Two processes may find the same stale lock: A renames it
 * away and takes a new one, then B renames that. So what was renamed is looked at once more, and
 * put back if it is not the one that was stale.
 */
async function removeStale(file: string): Promise<boolean> {
  const found = await readFile(file, 'utf8').catch(() => '')
  if (isAlive(found)) return false
  const aside = `${file}.${process.pid}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true
    throw error
  }
  const taken = await readFile(aside, 'utf8')
  if (taken !== found) {
    await rename(aside, file)
    return false
  }
  await rm(aside, { force: true })
  return true
}

function isAlive(owner: string): boolean {
  const [id = '', start] = owner.trim().split(' ')
  const pid = Number(id)
  // Were it ours, this process would know that it holds the folder.
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false
  }
  return startOf(pid) === start
}

/** When a process began, in the system's ticks; '-' where the system does not tell. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name, in parentheses, may hold spaces; its state is the first word behind it
    // and its start the 20th. A zombie holds nothing: it only waits for its parent to notice.
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return words[0] === 'Z' ? 'dead' : (words[19] ?? '-')
  } catch {
    return '-'
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
