import type { Stage } from '../stage.ts'

/** Quick heartbeats, so that a member hears of the others at once; one moves what must move. */
export const groupSettings = {
  'auto.offset.reset': 'earliest',
  'partition.assignment.strategy': ['cooperative-sticky'],
  'heartbeat.interval.ms': 100,
}

/** How many records the members have got so far. */
export function handedTo({ recorder }: Stage): number {
  return recorder.entries.reduce((sum, entry) => {
    const isIt = entry.is === 'event' && entry.event.name === 'records:handed'
    return isIt ? sum + entry.event.records : sum
  }, 0)
}

/** How many partitions a member has now. */
export function shareOf({ recorder }: Stage, member: string): number {
  return recorder.entries.reduce((sum, entry) => {
    if (entry.is !== 'event' || entry.event.name !== 'share:changed') return sum
    const { source, change, partitions } = entry.event
    if (!source.clientId.startsWith(member)) return sum
    return sum + (change === 'assigned' ? partitions.length : -partitions.length)
  }, 0)
}
