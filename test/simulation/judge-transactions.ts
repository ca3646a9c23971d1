import { committedOffset, readLog } from './read-log.ts'
import { type Fate, GROUP, TOPIC } from './transactions.ts'
import type { World } from './world.ts'

/** What a reader of committed records must find, after all that went wrong. */
export async function judgeTransactions(
  world: World,
  partitions: number,
  fates: readonly Fate[],
): Promise<string[]> {
  const broken: string[] = []
  const times = new Map<string, number>()
  for (const { value } of await readLog(world, TOPIC, partitions, 'committed')) {
    times.set(value, (times.get(value) ?? 0) + 1)
  }
  for (const { number, records, outcome } of fates) {
    const seen = Array.from({ length: records }, (_, i) => times.get(`${number}:${i}`) ?? 0)
    const found = seen.filter(count => count > 0).length
    if (seen.some(count => count > 1)) broken.push(`records of ${number} are seen twice`)
    if (outcome === 'committed' && found < records) {
      broken.push(`${number} was committed, ${found} of ${records} are seen`)
    }
    if (outcome === 'aborted' && found > 0) broken.push(`${number} was aborted, ${found} are seen`)
    if (outcome === 'unknown' && found > 0 && found < records) {
      broken.push(`${number} is torn: ${found} of ${records} are seen`)
    }
  }
  return [...broken, ...(await judgeOffset(world, fates))]
}

/** The group goes on behind the last committed transaction; what nobody was told of may count. */
async function judgeOffset(world: World, fates: readonly Fate[]): Promise<string[]> {
  const offset = await committedOffset(world, GROUP, TOPIC)
  const withOffsets = fates.filter(fate => fate.offset !== undefined)
  const last = withOffsets.findLast(({ outcome }) => outcome === 'committed')?.number ?? -1
  const possible = withOffsets.filter(
    ({ number, outcome }) => number === last || (outcome === 'unknown' && number > last),
  )
  if (offset === last || possible.some(({ number }) => number === offset)) return []
  const list = possible.map(({ number }) => number)
  return [`the group stands at ${offset}, not at ${last}${list.length > 1 ? ` or ${list}` : ''}`]
}
