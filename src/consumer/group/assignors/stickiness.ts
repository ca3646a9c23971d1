import type { TopicPartition } from '../../partition.ts'
import { type AssignorInput, allPartitions, compareTexts, slotName } from './assignor.ts'

/** What a member says that it has, and since which generation. */
export interface Claim {
  readonly partitions: readonly TopicPartition[]
  readonly generationId: number
}

export interface StickyInput extends AssignorInput {
  readonly claims: ReadonlyMap<string, Claim>
}

type Shares = Map<string, TopicPartition[]>

/**
 * Shares that differ by as little as can be, and by as little as can be from what members had.
 * Where all read the same topics this gives what Java's sticky assignors give; where they don't,
 * the goals are the same, but the way there is a simpler one.
 */
export function stickyShares(input: StickyInput): Shares {
  const { members } = input
  const owned = believed(input)
  const first = new Set(members[0]?.topics)
  const allAlike = members.every(
    ({ topics }) => topics.length === first.size && topics.every(topic => first.has(topic)),
  )
  return allAlike ? equalShares(input, owned) : unequalShares(input, owned)
}

/**
 * Who has what, of that which exists and is still subscribed to. Where two claim one partition, the
 * later generation is believed; where that is the same, neither is.
 */
function believed({ members, claims, partitionCounts }: StickyInput): Shares {
  const owners = new Map<string, { owner: string | undefined; generationId: number }>()
  const mayOwn = new Map(members.map(({ memberId, topics }) => [memberId, new Set(topics)]))
  for (const [memberId, { partitions, generationId }] of claims) {
    for (const slot of partitions) {
      const exists = slot.partition < (partitionCounts.get(slot.topic) ?? 0)
      if (!exists || !mayOwn.get(memberId)?.has(slot.topic)) continue
      const name = slotName(slot)
      const known = owners.get(name)
      if (!known || generationId > known.generationId) {
        owners.set(name, { owner: memberId, generationId })
      } else if (generationId === known.generationId && known.owner !== memberId) {
        known.owner = undefined
      }
    }
  }
  const shares: Shares = new Map()
  for (const memberId of [...mayOwn.keys()].sort(compareTexts)) {
    const { partitions = [] } = claims.get(memberId) ?? {}
    const kept = partitions.filter(slot => owners.get(slotName(slot))?.owner === memberId)
    shares.set(memberId, kept.sort(bySlot))
  }
  return shares
}

function bySlot(a: TopicPartition, b: TopicPartition): number {
  return compareTexts(a.topic, b.topic) || a.partition - b.partition
}

/** All members read the same topics: everybody gets the quota, some of them one more. */
function equalShares({ members, partitionCounts }: StickyInput, owned: Shares): Shares {
  const subscribed = new Set(members[0]?.topics)
  const counts = new Map([...partitionCounts].filter(([topic]) => subscribed.has(topic)))
  const all = allPartitions(counts)
  const quota = Math.floor(all.length / members.length)
  const most = Math.ceil(all.length / members.length)
  let mayHaveMore = all.length % members.length
  const shares: Shares = new Map()
  const taken = new Set<string>()
  for (const [memberId, had] of owned) {
    const isOneWithMore = had.length >= most && mayHaveMore > 0 && most > quota
    if (isOneWithMore) mayHaveMore--
    const kept = had.slice(0, isOneWithMore ? most : quota)
    shares.set(memberId, kept)
    for (const slot of kept) taken.add(slotName(slot))
  }
  const free = all.filter(slot => !taken.has(slotName(slot)))
  deal(free, shares, quota)
  return shares
}

/** Deals partitions to those below the quota in turn, and what is left to one member each. */
function deal(free: readonly TopicPartition[], shares: Shares, quota: number): void {
  let hungry = [...shares.keys()].filter(memberId => shares.get(memberId)!.length < quota)
  // In the order in which they came to have their quota; those who had it before go first.
  const sated = [...shares.keys()].filter(memberId => shares.get(memberId)!.length === quota)
  let turn = 0
  for (const slot of free) {
    if (turn >= hungry.length) {
      hungry = hungry.filter(memberId => shares.get(memberId)!.length < quota)
      turn = 0
    }
    const memberId = hungry[turn] ?? sated.shift()
    if (memberId === undefined) throw new Error('more partitions than quotas: a bug of ours')
    const share = shares.get(memberId)!
    share.push(slot)
    if (hungry[turn] === memberId) {
      turn++
      if (share.length === quota) sated.push(memberId)
    }
  }
}

/**
 * Members read different topics: what is free goes to who has least, then the rich give to the
 * poor.
 */
function unequalShares({ members, partitionCounts }: StickyInput, owned: Shares): Shares {
  const takers = new Map<string, string[]>()
  for (const { memberId, topics } of members) {
    for (const topic of topics) takers.set(topic, [...(takers.get(topic) ?? []), memberId])
  }
  for (const list of takers.values()) list.sort(compareTexts)
  const taken = new Set([...owned.values()].flat().map(slotName))
  const free = allPartitions(partitionCounts).filter(slot => !taken.has(slotName(slot)))
  // Those that fewest may take come first, since the others are easier to place.
  free.sort((a, b) => (takers.get(a.topic)?.length ?? 0) - (takers.get(b.topic)?.length ?? 0))
  for (const slot of free) {
    const to = poorest(takers.get(slot.topic) ?? [], owned)
    if (to !== undefined) owned.get(to)!.push(slot)
  }
  while (evenOut(owned, takers));
  return owned
}

function poorest(candidates: readonly string[], shares: Shares): string | undefined {
  let best: string | undefined
  for (const memberId of candidates) {
    if (best === undefined || shares.get(memberId)!.length < shares.get(best)!.length) {
      best = memberId
    }
  }
  return best
}

/** Moves one partition to a member that has at least two fewer; each move evens the shares out. */
function evenOut(shares: Shares, takers: ReadonlyMap<string, readonly string[]>): boolean {
  const richFirst = [...shares].sort(([, a], [, b]) => b.length - a.length)
  for (const [, share] of richFirst) {
    for (const [at, slot] of share.entries()) {
      const to = poorest(takers.get(slot.topic) ?? [], shares)
      if (to === undefined || shares.get(to)!.length + 1 >= share.length) continue
      share.splice(at, 1)
      shares.get(to)!.push(slot)
      return true
    }
  }
  return false
}
