import { deferred } from '../../../base/deferred.ts'
import { type ErrorName, errorByName } from '../../../protocol/errors.ts'
import { generationFor } from './answers.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type ClassicMember, type JoinAnswer, joinFailure, type MemberFacts } from './member.ts'

/** A request to join, as the coordinator sees it. */
export interface Joining {
  /** '' for somebody who has no id yet. */
  readonly memberId: string
  readonly facts: MemberFacts
  /** The broker that was asked. */
  readonly node: number
  /** The id that a newcomer gets. */
  readonly newId: string
  /** Newcomers must come back with their id (KIP-394, from version 4 on). */
  readonly needsKnownId: boolean
  /** The leader can be told not to assign (KIP-814, from version 9 on). */
  readonly knowsSkipping: boolean
}

/** Joins a group of the classic protocol; the answer comes when all others have joined too. */
export async function join(group: ClassicGroup, joining: Joining): Promise<JoinAnswer> {
  const { memberId, facts } = joining
  if (group.isFullFor(memberId)) {
    group.drop(memberId)
    return failure('GROUP_MAX_SIZE_REACHED', '')
  }
  if (!group.canTake(facts)) return failure('INCONSISTENT_GROUP_PROTOCOL', memberId)
  if (memberId === '') return joinNew(group, joining)
  if (group.isPending(memberId)) return joinRebalance(group, group.add(memberId, facts), joining)
  const error = group.memberError(memberId, facts.instanceId)
  if (error) return failure(error, memberId)
  return joinAgain(group, group.roster.get(memberId)!, joining)
}

async function joinNew(group: ClassicGroup, joining: Joining): Promise<JoinAnswer> {
  const { facts, newId } = joining
  if (facts.instanceId !== null) {
    const known = group.roster.staticId(facts.instanceId)
    const old = known === undefined ? undefined : group.roster.get(known)
    if (old) return replaceStatic(group, old, joining)
  } else if (joining.needsKnownId) {
    group.expect(newId, facts.sessionTimeoutMs)
    return failure('MEMBER_ID_REQUIRED', newId)
  }
  return joinRebalance(group, group.add(newId, facts), joining)
}

/**
 * A static member came back under a new id. In a stable group whose protocol stays what it is, it
 * takes its old assignment and nobody else notices.
 */
async function replaceStatic(
  group: ClassicGroup,
  old: ClassicMember,
  joining: Joining,
): Promise<JoinAnswer> {
  const formerLeader = group.roster.leader ?? ''
  const member = group.replace(old, joining.newId, joining.facts)
  if (group.state.is !== 'Stable' || group.roster.vote() !== group.protocol) {
    return joinRebalance(group, member, joining)
  }
  group.keep()
  const answer = generationFor(group, member)
  // Before version 9 a leader would assign anew, so it is told that its old self still leads.
  if (joining.knowsSkipping) return { ...answer, skipAssignment: answer.leader === member.id }
  return { ...answer, leader: formerLeader, members: [] }
}

/** A known member asks again: because it was told to, it changed, or our answer was lost. */
async function joinAgain(
  group: ClassicGroup,
  member: ClassicMember,
  joining: Joining,
): Promise<JoinAnswer> {
  const { facts } = joining
  const { is } = group.state
  const isSame = member.matches(facts.protocols)
  const leads = group.roster.leader === member.id
  // The leader of a stable group joins again because it wants another assignment.
  const isRepeated = isSame && (is === 'CompletingRebalance' || (is === 'Stable' && !leads))
  if (isRepeated) return generationFor(group, member)
  member.facts = { ...facts, instanceId: member.facts.instanceId }
  return joinRebalance(group, member, joining)
}

function joinRebalance(
  group: ClassicGroup,
  member: ClassicMember,
  { node }: Joining,
): Promise<JoinAnswer> {
  const answer = deferred<JoinAnswer>()
  member.awaitJoin({ answer, node })
  group.rebalance()
  return answer.promise
}

function failure(error: ErrorName, memberId: string): JoinAnswer {
  return joinFailure(errorByName(error).code, memberId)
}
