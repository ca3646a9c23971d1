import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFolder } from '../../base/folder-lock.ts'
import { KafkaError } from '../../errors.ts'
import { FolderStorage } from '../log/file-storage.ts'
import { type ScannedLog, scanLog } from '../log/recovery.ts'
import { type ClusterSnapshot, parseSnapshot } from './snapshot.ts'

const SNAPSHOT_FILE = 'cluster.json'
/** What a deleted partition's folder ends with until it is gone. */
const DELETED_SUFFIX = '-delete'
const SCANS_AT_A_TIME = 8

/** What a data folder held when it was opened. */
export interface FoundData {
  readonly snapshot: ClusterSnapshot
  /** The scanned log of `TOPIC-PARTITION`. */
  readonly logs: ReadonlyMap<
    string,
    { readonly storage: FolderStorage; readonly scanned: ScannedLog }
  >
}

/**
 * A folder that keeps a cluster: `cluster.json` with what is no log, and a folder of segments for
 * each partition, as Kafka lays them out. While it is open, no other process can open it.
 */
export class DataFolder {
  readonly path: string
  readonly #unlock: () => Promise<void>
  #saving: Promise<void> | undefined
  #again: Promise<void> | undefined

  private constructor(path: string, unlock: () => Promise<void>) {
    this.path = path
    this.#unlock = unlock
  }

  /**
   * Opens a folder, or makes it. Throws a KafkaError, and leaves everything as it was, when the
   * folder is another cluster's, another version's, damaged, or not a data folder at all.
   */
  static async open(path: string): Promise<{ folder: DataFolder; found: FoundData | undefined }> {
    await mkdir(path, { recursive: true })
    const names = await readdir(path)
    if (!names.includes(SNAPSHOT_FILE) && names.some(name => !name.startsWith('lock'))) {
      throw refusal('DATA_FOLDER_NOT_OURS', `${path} holds other files, but no ${SNAPSHOT_FILE}`)
    }
    const unlock = await lockFolder(path)
    if (!unlock) throw refusal('DATA_FOLDER_LOCKED', `${path} is in use by another broker`)
    try {
      const found = names.includes(SNAPSHOT_FILE) ? await read(path) : undefined
      if (found) await removeDeleted(path)
      return { folder: new DataFolder(path, unlock), found }
    } catch (error) {
      await unlock()
      throw error
    }
  }

  partitionFolder(topic: string, partition: number): string {
    return join(this.path, `${topic}-${partition}`)
  }

  /** Gives the folder of a partition away to be deleted, so that its name is free at once. */
  async setAside(topic: string, partition: number, topicId: string): Promise<void> {
    const folder = this.partitionFolder(topic, partition)
    const aside = `${folder}.${topicId}${DELETED_SUFFIX}`
    await rename(folder, aside).catch(ignoreMissing)
    await rm(aside, { recursive: true, force: true })
  }

  /**
   * Keeps a snapshot, taken when its turn comes; resolves when it is on the disk. Changes that
   * come while one is being written share the next one.
   */
  save(take: () => ClusterSnapshot): Promise<void> {
    if (!this.#saving) {
      this.#saving = this.#write(take).finally(() => {
        this.#saving = undefined
      })
      return this.#saving
    }
    this.#again ??= this.#saving
      .catch(() => {})
      .then(() => {
        this.#again = undefined
        return this.save(take)
      })
    return this.#again
  }

  /** Frees the folder for others. */
  async close(): Promise<void> {
    await (this.#again ?? this.#saving)?.catch(() => {})
    await this.#unlock()
  }

  /** By way of another file and a rename, so that a crash leaves the old or the new, never half. */
  async #write(take: () => ClusterSnapshot): Promise<void> {
    await Promise.resolve()
    const file = join(this.path, SNAPSHOT_FILE)
    const handle = await open(`${file}.new`, 'w')
    try {
      await handle.writeFile(`${JSON.stringify(take(), null, 1)}\n`)
      await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(`${file}.new`, file)
  }
}

async function read(path: string): Promise<FoundData> {
  const file = join(path, SNAPSHOT_FILE)
  const snapshot = await readSnapshot(file)
  const places = snapshot.topics.flatMap(topic =>
    topic.partitions.map((_, i) => `${topic.name}-${i}`),
  )
  const logs = new Map<string, { storage: FolderStorage; scanned: ScannedLog }>()
  const next = places.values()
  const scan = async () => {
    for (const place of next) {
      const storage = new FolderStorage(join(path, place))
      logs.set(place, { storage, scanned: await scanLog(storage) })
    }
  }
  try {
    await Promise.all(Array.from({ length: SCANS_AT_A_TIME }, scan))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw refusal('DATA_FOLDER_DAMAGED', error.message, error)
  }
  return { snapshot, logs }
}

async function readSnapshot(file: string): Promise<ClusterSnapshot> {
  const text = await readFile(file, 'utf8')
  try {
    return parseSnapshot(text)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw refusal('DATA_FOLDER_DAMAGED', `${file} can't be read: ${what}`, error)
  }
}

async function removeDeleted(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name.endsWith(DELETED_SUFFIX)) await rm(join(path, name), { recursive: true, force: true })
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

const HINTS: Readonly<Record<string, string>> = {
  DATA_FOLDER_NOT_OURS: 'give an empty folder, or one that an embedded cluster made',
  DATA_FOLDER_LOCKED: 'stop that one, or give each cluster a folder of its own',
  DATA_FOLDER_DAMAGED: 'nothing was changed; restore it from a copy, or begin with an empty folder',
}

function refusal(code: string, message: string, cause?: unknown): KafkaError {
  return new KafkaError({ code, message, hint: HINTS[code], cause, fatal: true })
}
