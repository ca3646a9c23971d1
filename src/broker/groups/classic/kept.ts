import type { ClassicGroup } from './classic-group.ts'
import type { MemberFacts } from './member.ts'
import type { ClassicState } from './states.ts'

/** What is kept of a group of the classic protocol. */
export interface KeptClassicGroup {
  readonly protocolType: string
  readonly generationId: number
  readonly protocol: string | null
  readonly leader: string | null
  /** Since when it has been as it is, by the wall clock. */
  readonly sinceMs: number
  readonly members: readonly {
    readonly id: string
    readonly facts: MemberFacts
    readonly assignment: Buffer
  }[]
}

export function keptOf(group: ClassicGroup, nowMs: number): KeptClassicGroup {
  const { state, protocolType, generationId, protocol, roster } = group
  return {
    protocolType,
    generationId,
    protocol,
    leader: roster.leader ?? null,
    sinceMs: state.is === 'Empty' ? state.sinceMs : nowMs,
    members: roster.all().map(({ id, facts, assignment }) => ({ id, facts, assignment })),
  }
}

/** A group that was kept with members is stable again, if these still live. */
export function firstState(nowMs: number, kept: KeptClassicGroup | undefined): ClassicState {
  if (!kept) return { is: 'Empty', sinceMs: nowMs }
  if (kept.members.length > 0) return { is: 'Stable', protocol: kept.protocol ?? '' }
  return { is: 'Empty', sinceMs: kept.sinceMs }
}
