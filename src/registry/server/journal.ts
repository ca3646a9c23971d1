import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { lockFolder } from '../../base/folder-lock.ts'
import { RegistryError } from '../../errors.ts'
import type { Change } from './state.ts'

const FILE = 'schemas.log'
const FORMAT = 1
const HEAD = 'posthaste schema registry, format '

/** Where a registry keeps its changes. */
export interface Journal {
  /** Resolves when these changes, all or none of them, will survive the process. */
  append(changes: readonly Change[]): Promise<void>
  close(): Promise<void>
}

/** Keeps nothing: the registry lives as long as its process. */
export const forgetfulJournal: Journal = { append: async () => {}, close: async () => {} }

/**
 * Opens a folder's journal, or begins one, and gives the changes that it holds. Its file has a line
 * for each request that changed something: a checksum and JSON. A last line that is not whole was
 * being written when the machine or process died; nobody was told that it is kept, so it is cut.
 *
 * Throws a RegistryError, and leaves everything as it was, for a folder that is in use, was written
 * by another version, or is damaged.
 */
export async function openJournal(
  folder: string,
): Promise<{ journal: Journal; changes: readonly Change[] }> {
  await mkdir(folder, { recursive: true })
  const names = await readdir(folder)
  if (!names.includes(FILE) && names.some(name => !name.startsWith('lock'))) {
    throw refusal('DATA_FOLDER_NOT_OURS', `${folder} holds other files, but no ${FILE}`)
  }
  const unlock = await lockFolder(folder)
  if (!unlock) throw refusal('DATA_FOLDER_LOCKED', `${folder} is in use by another registry`)
  try {
    const path = join(folder, FILE)
    const file = await open(path, names.includes(FILE) ? 'r+' : 'w+')
    const { changes, size } = await recover(file, path).catch(async error => {
      await file.close()
      throw error
    })
    return { journal: new FileJournal(file, size, unlock), changes }
  } catch (error) {
    await unlock()
    throw error
  }
}

class FileJournal implements Journal {
  readonly #file: FileHandle
  readonly #unlock: () => Promise<void>
  #size: number
  #isBroken = false

  constructor(file: FileHandle, size: number, unlock: () => Promise<void>) {
    this.#file = file
    this.#size = size
    this.#unlock = unlock
  }

  async append(changes: readonly Change[]): Promise<void> {
    if (this.#isBroken) throw new Error('an earlier change could not be written')
    const bytes = Buffer.from(lineOf(JSON.stringify(changes)))
    try {
      const { bytesWritten } = await this.#file.write(bytes, 0, bytes.length, this.#size)
      if (bytesWritten < bytes.length) throw new Error('the disk took only a part of a change')
      await this.#file.datasync()
      this.#size += bytes.length
    } catch (error) {
      // What reached the disk is unknown, so what follows would hang on to something unknown.
      this.#isBroken = true
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#unlock()
  }
}

async function recover(
  file: FileHandle,
  path: string,
): Promise<{ changes: readonly Change[]; size: number }> {
  const bytes = await file.readFile()
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end === 0) return begin(file, path, bytes)
  const [head = '', ...lines] = String(bytes.subarray(0, end - 1)).split('\n')
  if (!head.startsWith(HEAD)) throw refusal('DATA_FOLDER_NOT_OURS', `${path} is no journal`)
  if (head !== HEAD + FORMAT) {
    const found = head.slice(HEAD.length)
    const words = `${path} has format ${found}, which another version wrote; this one knows ${FORMAT}`
    throw refusal('DATA_FOLDER_OTHER_VERSION', words)
  }
  const changes = lines.flatMap((line, i) => changesOf(line, `${path}, line ${i + 2}`))
  if (end < bytes.length) {
    await file.truncate(end)
    await file.datasync()
  }
  return { changes, size: end }
}

/** A new journal; or one whose very first line was being written. */
async function begin(
  file: FileHandle,
  path: string,
  bytes: Buffer,
): Promise<{ changes: readonly Change[]; size: number }> {
  const head = `${HEAD}${FORMAT}\n`
  if (!head.startsWith(String(bytes)))
    throw refusal('DATA_FOLDER_NOT_OURS', `${path} is no journal`)
  await file.write(head, 0)
  await file.datasync()
  return { changes: [], size: Buffer.byteLength(head) }
}

function lineOf(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function changesOf(line: string, where: string): Change[] {
  const json = line.slice(9)
  if (lineOf(json) !== `${line}\n`) {
    throw refusal('DATA_FOLDER_DAMAGED', `${where} does not have the checksum that it says`)
  }
  // Written by `append`, as its checksum proves.
  return JSON.parse(json) as Change[]
}

function refusal(code: string, message: string): RegistryError {
  const hint = code === 'DATA_FOLDER_LOCKED' ? 'stop the other one' : 'take another folder'
  return new RegistryError({ code, message, hint, fatal: true })
}
