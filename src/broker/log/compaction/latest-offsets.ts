import { codecById } from '../../../records/compression/index.ts'
import { parseBatch } from '../../../records/index.ts'
import type { AbortedTransaction } from '../transactions.ts'
import { TransactionsSeen } from './transactions-seen.ts'

/** Keys that are remembered at a time; a log with more of them is compacted in several goes. */
const MAX_KEYS = 1_000_000

/** The latest offset of each key in a stretch of the log. */
export interface LatestOffsets {
  readonly byKey: ReadonlyMap<string, number>
  /** Behind the last batch that was looked at; records from there on are not known. */
  readonly end: number
}

/** A key as the map has it: text that tells any two keys apart. */
export function keyText(key: Buffer): string {
  return key.toString('latin1')
}

/** Looks at the batches from offset `from` on. What was aborted does not count. */
export async function latestOffsets(
  batches: AsyncIterable<Buffer>,
  from: number,
  aborted: readonly AbortedTransaction[],
  maxKeys = MAX_KEYS,
): Promise<LatestOffsets> {
  const byKey = new Map<string, number>()
  const transactions = new TransactionsSeen(aborted)
  let end = from
  for await (const bytes of batches) {
    const batch = parseBatch(bytes)
    if (batch.lastOffset < from) continue
    if (byKey.size + batch.count > maxKeys && byKey.size > 0) break
    end = batch.nextOffset
    if (transactions.isNeedless(batch) || batch.isControl) continue
    await codecById(batch.codec).ready()
    const cursor = batch.cursor(await batch.records())
    while (cursor.next()) {
      const key = cursor.key()
      if (key) byKey.set(keyText(key), cursor.offset)
    }
  }
  return { byKey, end }
}
