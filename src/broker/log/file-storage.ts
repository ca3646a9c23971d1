import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogStorage, Run, SegmentBytes } from './storage.ts'

/** Chunks that one `writev` takes: the system's own limit. */
const CHUNKS_PER_WRITE = 1024
export const START_OFFSET_FILE = 'start-offset'

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

/** The bytes of a segment in a file, which is opened when it is first needed. */
export class FileBytes implements SegmentBytes {
  size: number
  readonly #path: string
  readonly #prepare: () => Promise<unknown>
  #opening: Promise<FileHandle> | undefined
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
    if (end <= from) return []
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
    const file = await this.#opening
    this.#opening = undefined
    await file?.close()
  }

  async remove(): Promise<void> {
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
