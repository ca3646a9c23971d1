import { deferred } from '../../../base/deferred.ts'
import { type ErrorName, errorByName } from '../../../protocol/errors.ts'
import { assignmentFor } from './answers.ts'
import type { ClassicGroup } from './classic-group.ts'
import { type SyncAnswer, syncFailure } from './member.ts'

/** A request to sync, as the coordinator sees it. */
export interface Syncing {
  readonly memberId: string
  readonly instanceId: string | null
  readonly generationId: number
  /** Null in older versions, which don't say it. */
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignments: ReadonlyMap<string, Buffer>
  /** The broker that was asked. */
  readonly node: number
}

/** Takes the leader's assignment, and answers with the member's own when it is there. */
export async function sync(group: ClassicGroup, syncing: Syncing): Promise<SyncAnswer> {
  const error = syncError(group, syncing)
  if (error) return syncFailure(errorByName(error).code)
  const member = group.roster.get(syncing.memberId)!
  group.synced(member)
  if (group.state.is === 'Stable') {
    group.beat(member)
    return assignmentFor(group, member)
  }
  const answer = deferred<SyncAnswer>()
  member.awaitSync({ answer, node: syncing.node })
  if (group.roster.leader === member.id) group.assign(syncing.assignments)
  return answer.promise
}

function syncError(group: ClassicGroup, syncing: Syncing): ErrorName | undefined {
  const error = group.memberError(syncing.memberId, syncing.instanceId)
  if (error) return error
  if (syncing.generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  if (differs(syncing.protocolType, group.protocolType)) return 'INCONSISTENT_GROUP_PROTOCOL'
  if (group.state.is === 'PreparingRebalance') return 'REBALANCE_IN_PROGRESS'
  if (differs(syncing.protocolName, group.protocol)) return 'INCONSISTENT_GROUP_PROTOCOL'
  return undefined
}

function differs(said: string | null, known: string | null): boolean {
  return said !== null && said !== known
}
