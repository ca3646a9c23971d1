import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogStorage, PlacedBytes, Run, SegmentBytes } from './storage.ts'

/** Chunks that one `writev` takes: the system's own limit. */
const CHUNKS_PER_WRITE = 1024
export const START_OFFSET_FILE = 'start-offset'
/** A segment that compaction is writing; it counts for nothing. */
const CLEANED = '.cleaned'
/** One that is whole: it counts in the place of all that begin before the offset in its name. */
const SWAP = '.swap'

/** A partition's segments as files of one folder, named and laid out as Kafka does. */
export class FolderStorage implements LogStorage {
  readonly immediate = false
  readonly folder: string
  #folderMade: Promise<unknown> | undefined

  constructor(folder: string) {
    this.folder = folder
  }

  create(baseOffset: number): FileBytes {
    return this.existing(baseOffset, 0)
  }

  /** A segment of which `size` bytes are in its file already. */
  existing(baseOffset: number, size: number): FileBytes {
    return new FileBytes(join(this.folder, segmentName(baseOffset)), size, () => this.#makeFolder())
  }

  createCleaned(baseOffset: number): FileBytes {
    const path = join(this.folder, segmentName(baseOffset) + CLEANED)
    return new FileBytes(path, 0, () => this.#makeFolder())
  }

  async replace(old: readonly PlacedBytes[], cleaned: PlacedBytes): Promise<void> {
    const { baseOffset, bytes } = cleaned
    const place = join(this.folder, segmentName(baseOffset))
    const swap = join(this.folder, swapName(baseOffset, old.at(-1)!.endOffset))
    await rename(place + CLEANED, swap)
    for (const each of old) await each.bytes.remove()
    await rename(swap, place)
    if (bytes instanceof FileBytes) bytes.movedTo(place)
  }

  /** Finishes what a crash has left half done, or takes it back. */
  async repair({ remove, rename: renames }: Repairs): Promise<void> {
    for (const name of remove) await rm(join(this.folder, name), { force: true })
    for (const [from, to] of renames) await rename(join(this.folder, from), join(this.folder, to))
  }

  async keepStartOffset(offset: number): Promise<void> {
    await this.#makeFolder()
    const file = join(this.folder, START_OFFSET_FILE)
    await writeFile(`${file}.new`, `${offset}\n`, { flush: true })
    await rename(`${file}.new`, file)
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }

  /** A partition that nobody writes to leaves no folder: thousands of them start at once. */
  #makeFolder(): Promise<unknown> {
    this.#folderMade ??= mkdir(this.folder, { recursive: true })
    return this.#folderMade
  }
}

/** `00000000000000000042.log` */
export function segmentName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}.log`
}

/** `00000000000000000042-00000000000000000099.log.swap` */
function swapName(baseOffset: number, endOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}-${segmentName(endOffset)}${SWAP}`
}

/** What is to be done with the files of a folder before they are its log. */
export interface Repairs {
  readonly remove: readonly string[]
  readonly rename: readonly (readonly [from: string, to: string])[]
}

/** A segment's file by its name. */
export interface SegmentFile {
  readonly name: string
  readonly baseOffset: number
}

/** Which files of a folder make up the log, in order, and what has to be done about others. */
export function segmentFiles(names: readonly string[]): {
  readonly files: readonly SegmentFile[]
  readonly repairs: Repairs
} {
  const swaps = names.flatMap(name => {
    const [, from, to] = /^(\d{20})-(\d{20})\.log\.swap$/.exec(name) ?? []
    return from === undefined ? [] : [{ name, baseOffset: Number(from), endOffset: Number(to) }]
  })
  const logs = names
    .filter(name => /^\d{20}\.log$/.test(name))
    .map(name => ({ name, baseOffset: Number(name.slice(0, 20)) }))
  const isReplaced = ({ baseOffset }: SegmentFile) =>
    swaps.some(swap => baseOffset >= swap.baseOffset && baseOffset < swap.endOffset)
  const replaced = logs.filter(isReplaced)
  const files = [...logs.filter(file => !isReplaced(file)), ...swaps]
  const unfinished = names.filter(name => name.endsWith(CLEANED))
  return {
    files: files.sort((a, b) => a.baseOffset - b.baseOffset),
    repairs: {
      remove: [...unfinished, ...replaced.map(({ name }) => name)],
      rename: swaps.map(({ name, baseOffset }) => [name, segmentName(baseOffset)]),
    },
  }
}

/** The bytes of a segment in a file, which is opened when it is first needed. */
export class FileBytes implements SegmentBytes {
  size: number
  #path: string
  readonly #prepare: () => Promise<unknown>
  #opening: Promise<FileHandle> | undefined
  #isRemoved = false
  /** Appended, but not handed to the system yet. */
  #pending: Buffer[] = []
  #written: number
  #synced: number

  constructor(path: string, size: number, prepare: () => Promise<unknown>) {
    this.#path = path
    this.size = size
    this.#written = size
    this.#synced = size
    this.#prepare = prepare
  }

  /** Its file has another name now. */
  movedTo(path: string): void {
    this.#path = path
  }

  append(batch: Buffer): void {
    this.#pending.push(batch)
    this.size += batch.length
  }

  /** One flush at a time: the log's writer sees to that. */
  async flush(sync: boolean): Promise<void> {
    const file = await this.#file()
    while (this.#pending.length > 0) {
      const chunks = this.#pending.splice(0, CHUNKS_PER_WRITE)
      await this.#writeAll(file, chunks)
    }
    if (!sync || this.#synced === this.#written) return
    const upTo = this.#written
    await file.datasync()
    this.#synced = upTo
  }

  async read(from: number, to: number): Promise<readonly Run[]> {
    const end = Math.min(to, this.#written)
    if (end <= from || this.#isRemoved) return []
    const file = await this.#file()
    const bytes = Buffer.allocUnsafeSlow(end - from)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return [{ position: from, bytes: bytes.subarray(0, filled) }]
  }

  async truncate(size: number): Promise<void> {
    if (size >= this.#written) return
    const file = await this.#file()
    await file.truncate(size)
    await file.datasync()
    this.size = size
    this.#written = size
    this.#synced = Math.min(this.#synced, size)
  }

  async close(): Promise<void> {
    const file = await this.#opening?.catch(() => undefined)
    this.#opening = undefined
    await file?.close()
  }

  async remove(): Promise<void> {
    this.#isRemoved = true
    await this.close()
    await rm(this.#path, { force: true })
  }

  #file(): Promise<FileHandle> {
    this.#opening ??= this.#prepare().then(() =>
      open(this.#path, constants.O_RDWR | constants.O_CREAT),
    )
    return this.#opening
  }

  /** A write may take less than it was given, so it goes on from where that one ended. */
  async #writeAll(file: FileHandle, chunks: Buffer[]): Promise<void> {
    let left = chunks
    while (left.length > 0) {
      const { bytesWritten } = await file.writev(left, this.#written)
      this.#written += bytesWritten
      left = afterBytes(left, bytesWritten)
    }
  }
}

function afterBytes(chunks: readonly Buffer[], taken: number): Buffer[] {
  let skip = taken
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i]!
    if (skip < chunk.length) return [chunk.subarray(skip), ...chunks.slice(i + 1)]
    skip -= chunk.length
  }
  return []
}
