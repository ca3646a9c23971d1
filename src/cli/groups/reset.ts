import type { Admin, ItemResult, OffsetSpec, TopicPartitions } from '../../index.ts'
import { KafkaError, orThrow } from '../../index.ts'

interface Slot {
  readonly topic: string
  readonly partition: number
}

/** Where a group shall go on. */
export type ResetTarget =
  | { readonly to: 'earliest' | 'latest' }
  | { readonly to: 'offset'; readonly offset: number }
  /** The first record at or after a time, in ms since 1970. */
  | { readonly to: 'time'; readonly timestamp: number }
  | { readonly to: 'shift'; readonly by: number }

/** What a reset would do to one partition. */
export interface Move extends Slot {
  /** Undefined where the group has committed none. */
  readonly from: number | undefined
  readonly offset: number
  /** Whether what was asked for lies outside of the log, so that it is its nearer end. */
  readonly isClamped: boolean
}

/** A topic as it is named on the command line: all of it, or some of its partitions. */
export interface TopicScope {
  readonly topic: string
  readonly partitions: readonly number[] | undefined
}

export type PlannedMove = ItemResult<Move, Slot>

/**
 * What a reset would do: to the topics that are named, or to all that the group has offsets for.
 * One result for each partition; a reset of a group with members is refused, since they would
 * commit their own offsets over it.
 */
export async function planReset(
  admin: Admin,
  group: string,
  scopes: readonly TopicScope[],
  target: ResetTarget,
): Promise<PlannedMove[]> {
  await mustBeIdle(admin, group)
  const offsets = await admin.groups.offsets(group)
  const committed = new Map(offsets.map(each => [slotName(each), each.offset]))
  const slots = scopes.length > 0 ? await slotsOf(admin, scopes) : offsets
  if (slots.length === 0) {
    throw new KafkaError({
      code: 'NO_OFFSETS',
      message: `group ${group} has committed no offsets`,
      hint: 'name the topics: --topic orders, or --topic orders:0,1',
    })
  }
  const asks = slots.map(({ topic, partition }) => ({ topic, partition }))
  const [starts, ends, times] = await Promise.all([
    admin.records.offsets(asks.map(slot => ({ ...slot, at: 'earliest' }))),
    admin.records.offsets(asks.map(slot => ({ ...slot, at: 'latest' }))),
    admin.records.offsets(asks.map(slot => ({ ...slot, at: timeOf(target) }))),
  ])
  return asks.map((slot, i) => {
    const bounds = [starts[i]!, ends[i]!, times[i]!]
    const failure = bounds.find(each => each.is === 'failed')
    if (failure?.is === 'failed') return { ...slot, is: 'failed', error: failure.error }
    const [start, end, time] = bounds.map(each => orThrow(each).offset)
    const from = committed.get(slotName(slot))
    return settle(slot, target, { start: start!, end: end!, time: time!, from })
  })
}

/** Where a partition is, for the choice of its offset. */
export interface Bounds {
  readonly start: number
  readonly end: number
  /** The offset at the time that was asked for; -1 where nothing is as late. */
  readonly time: number
  readonly from: number | undefined
}

/** The move of one partition. */
export function settle(slot: Slot, target: ResetTarget, bounds: Bounds): PlannedMove {
  const { start, end, from } = bounds
  const wanted = wantedOf(target, bounds)
  if (wanted === undefined) {
    const { topic, partition } = slot
    const message = `the group has committed no offset in ${topic} [${partition}] to shift from`
    return { ...slot, is: 'failed', error: new KafkaError({ code: 'NO_OFFSETS', message }) }
  }
  const offset = Math.min(Math.max(wanted, start), end)
  return { ...slot, is: 'done', value: { ...slot, from, offset, isClamped: offset !== wanted } }
}

function wantedOf(target: ResetTarget, { start, end, time, from }: Bounds): number | undefined {
  switch (target.to) {
    case 'earliest':
      return start
    case 'latest':
      return end
    case 'offset':
      return target.offset
    case 'time':
      return time < 0 ? end : time
    case 'shift':
      return from === undefined ? undefined : from + target.by
  }
}

/** Asked with the rest, so that a plan is made of one look at the log. */
function timeOf(target: ResetTarget): OffsetSpec {
  return target.to === 'time' ? { timestamp: target.timestamp } : 'latest'
}

function slotName({ topic, partition }: Slot): string {
  return `${topic}-${partition}`
}

async function slotsOf(admin: Admin, scopes: readonly TopicScope[]): Promise<Slot[]> {
  const topics = await admin.topics.describe(scopes.map(({ topic }) => topic))
  return topics.flatMap((result, i) => {
    const { topic, partitions } = scopes[i]!
    const all = orThrow(result).partitions.map(({ partition }) => partition)
    return (partitions ?? all).map(partition => ({ topic, partition }))
  })
}

async function mustBeIdle(admin: Admin, name: string): Promise<void> {
  const [group] = await admin.groups.describe([name])
  if (!group) return
  if (group.is === 'failed') {
    // A group that is not there yet may be given offsets to begin with.
    if (group.error.code === 'GROUP_ID_NOT_FOUND') return
    throw group.error
  }
  const { members, state } = group.value
  if (members.length === 0) return
  const count = members.length === 1 ? 'one member' : `${members.length} members`
  throw new KafkaError({
    code: 'NON_EMPTY_GROUP',
    message: `group ${name} is ${state} with ${count}, who would commit their own offsets over it`,
    hint: 'stop its consumers first',
  })
}

/** Partitions as text: `orders [0 1 2], users [7]`. */
export function slotsText(topics: readonly TopicPartitions[]): string {
  return topics
    .map(({ topic, partitions }) => {
      return `${topic} [${partitions.toSorted((a, b) => a - b).join(' ')}]`
    })
    .join(', ')
}
