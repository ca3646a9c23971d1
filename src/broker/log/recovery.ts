import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32c } from '../../records/crc32c.ts'
import { ATTRIBUTES_AT, BATCH_HEADER_BYTES, CRC_AT } from '../../records/layout.ts'
import { type BatchFacts, batchFacts, claimedSize } from './batch-facts.ts'
import {
  type FolderStorage,
  type Repairs,
  START_OFFSET_FILE,
  segmentFiles,
} from './file-storage.ts'

const READ_BYTES = 1024 * 1024

/** A file is not what a log writes, beyond what a crash explains. Nothing was changed. */
export class DamagedLogError extends Error {
  override readonly name = 'DamagedLogError'
  readonly file: string
  readonly position: number

  constructor(file: string, position: number, what: string) {
    super(`${file} is damaged at byte ${position}: ${what}`)
    this.file = file
    this.position = position
  }
}

/** What a scan found in one segment's file. */
export interface ScannedSegment {
  readonly baseOffset: number
  /** Bytes of whole batches; what the file holds beyond them was torn by a crash. */
  readonly size: number
  readonly tornBytes: number
  readonly batches: readonly PlacedBatch[]
}

export interface PlacedBatch {
  readonly facts: BatchFacts
  readonly position: number
  /** The whole batch if it is a control batch, else nothing. */
  readonly control: Buffer | undefined
}

export interface ScannedLog {
  readonly segments: readonly ScannedSegment[]
  readonly startOffset: number
  /** To be done before the segments are opened by their own names. */
  readonly repairs: Repairs
}

/**
 * Reads a partition's folder without changing it. A crash may tear the end of the last segment:
 * that part is reported, to be cut off. Anything else that is wrong is a DamagedLogError, since
 * cutting there would drop records that were acknowledged.
 */
export async function scanLog(storage: FolderStorage): Promise<ScannedLog> {
  const { files, repairs } = segmentFiles(await readdir(storage.folder).catch(noSuchFolder))
  const segments: ScannedSegment[] = []
  for (const [i, { name, baseOffset }] of files.entries()) {
    const file = join(storage.folder, name)
    const before = segments.at(-1)?.batches.at(-1)
    if (before && before.facts.lastOffset >= baseOffset) {
      throw new DamagedLogError(file, 0, 'it starts before the segment in front of it ends')
    }
    segments.push(await scanSegment(file, baseOffset, i === files.length - 1))
  }
  return { segments, startOffset: await keptStartOffset(storage.folder), repairs }
}

function noSuchFolder(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}

async function keptStartOffset(folder: string): Promise<number> {
  const file = join(folder, START_OFFSET_FILE)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '0'
    throw error
  })
  const offset = Number(text)
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  throw new DamagedLogError(file, 0, `${JSON.stringify(text.slice(0, 40))} is no offset`)
}

async function scanSegment(
  file: string,
  baseOffset: number,
  isLast: boolean,
): Promise<ScannedSegment> {
  const handle = await open(file, 'r')
  try {
    return await new SegmentScan(file, handle, baseOffset, isLast).run()
  } finally {
    await handle.close()
  }
}

/** One pass over a segment's file, holding little more than one batch of it at a time. */
class SegmentScan {
  readonly #file: string
  readonly #handle: FileHandle
  readonly #baseOffset: number
  readonly #isLast: boolean
  readonly #batches: PlacedBatch[] = []
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0
  #fileSize = 0
  #nextOffset: number

  constructor(file: string, handle: FileHandle, baseOffset: number, isLast: boolean) {
    this.#file = file
    this.#handle = handle
    this.#baseOffset = baseOffset
    this.#isLast = isLast
    this.#nextOffset = baseOffset
  }

  async run(): Promise<ScannedSegment> {
    this.#fileSize = (await this.#handle.stat()).size
    let position = 0
    while (position < this.#fileSize) {
      const size = await this.#wholeBatch(position)
      if (size === undefined) break
      position += size
    }
    const tornBytes = this.#fileSize - position
    if (tornBytes > 0 && !this.#isLast) {
      throw new DamagedLogError(this.#file, position, 'a batch is cut off, but segments follow')
    }
    return { baseOffset: this.#baseOffset, size: position, tornBytes, batches: this.#batches }
  }

  /** Takes in the batch at `position` and gives its size; undefined if it was torn. */
  async #wholeBatch(position: number): Promise<number | undefined> {
    const header = await this.#bytes(position, BATCH_HEADER_BYTES)
    const size = claimedSize(header, 0)
    if (size === 0 || position + size > this.#fileSize) return undefined
    if (size < 0) return this.#torn(position, 'no batch starts there')
    // Only what was written last can be torn; and reading all of a large log takes its time.
    const batch = await this.#bytes(position, this.#isLast ? size : BATCH_HEADER_BYTES)
    const facts = batchFacts(batch)
    if (this.#isLast && !crcIsRight(batch)) {
      if (position + size === this.#fileSize) return undefined
      return this.#torn(position, 'the checksum is wrong')
    }
    if (facts.baseOffset < this.#nextOffset || facts.lastOffset < facts.baseOffset) {
      const what = `offset ${facts.baseOffset} follows ${this.#nextOffset - 1}`
      throw new DamagedLogError(this.#file, position, what)
    }
    this.#nextOffset = facts.lastOffset + 1
    const control = facts.isControl ? Buffer.from(await this.#bytes(position, size)) : undefined
    this.#batches.push({ facts, position, control })
    return size
  }

  /** A file system may leave zeros where data never arrived; anything else is no torn tail. */
  async #torn(position: number, what: string): Promise<undefined> {
    for (let at = position; at < this.#fileSize; at += READ_BYTES) {
      const rest = await this.#bytes(at, Math.min(READ_BYTES, this.#fileSize - at))
      if (!this.#isLast || rest.some(byte => byte !== 0)) {
        throw new DamagedLogError(this.#file, position, what)
      }
    }
    return undefined
  }

  /** Up to `size` bytes of the file, through a window that moves forward. */
  async #bytes(position: number, size: number): Promise<Buffer> {
    const at = position - this.#windowAt
    if (at >= 0 && at + size <= this.#window.length) return this.#window.subarray(at, at + size)
    const wanted = Math.min(Math.max(size, READ_BYTES), this.#fileSize - position)
    const window = Buffer.allocUnsafe(wanted)
    let filled = 0
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(
        window,
        filled,
        wanted - filled,
        position + filled,
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    this.#window = window.subarray(0, filled)
    this.#windowAt = position
    return this.#window.subarray(0, size)
  }
}

function crcIsRight(batch: Buffer): boolean {
  return crc32c(batch.subarray(ATTRIBUTES_AT)) === batch.readUInt32BE(CRC_AT)
}
