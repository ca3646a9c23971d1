import { FolderStorage } from './file-storage.ts'
import { memoryStorage } from './memory-storage.ts'
import { type LogSettings, PartitionLog } from './partition-log.ts'
import type { ScannedLog } from './recovery.ts'
import { Segment } from './segment.ts'

type Settings = () => LogSettings

/** A log in memory, empty. */
export function memoryLog(settings: Settings): PartitionLog {
  return new PartitionLog(memoryStorage, settings)
}

/** A log in a folder, empty. */
export function folderLog(folder: string, settings: Settings): PartitionLog {
  return new PartitionLog(new FolderStorage(folder), settings)
}

/** A log as a scan found it: cuts off what a crash tore, and rebuilds what follows from the log. */
export async function recoveredLog(
  storage: FolderStorage,
  scanned: ScannedLog,
  settings: Settings,
): Promise<PartitionLog> {
  await storage.repair(scanned.repairs)
  const segments: Segment[] = []
  for (const { baseOffset, size, tornBytes, batches } of scanned.segments) {
    const bytes = storage.existing(baseOffset, size + tornBytes)
    if (tornBytes > 0) await bytes.truncate(size)
    const segment = new Segment(baseOffset, bytes, settings().indexIntervalBytes)
    for (const { facts, position } of batches) segment.note(facts, position)
    segments.push(segment)
  }
  const log = new PartitionLog(storage, settings, {
    segments,
    startOffset: scanned.startOffset,
  })
  for (const { batches } of scanned.segments) {
    for (const { facts, control } of batches) log.note(facts, control)
  }
  log.epochs.truncateStart(log.startOffset)
  return log
}
