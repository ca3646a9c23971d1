import type { ErrorName } from '../../../protocol/errors.ts'
import type { OffsetUser } from '../group.ts'
import type { ClassicGroup } from './classic-group.ts'

/**
 * Why `user` may not commit offsets of a group; undefined if it may. Within a transaction, those
 * who don't say that they are members are believed, and the phase does not matter (KIP-447).
 */
export function commitError(
  group: ClassicGroup,
  { memberId, instanceId, epoch }: OffsetUser,
  kind: 'plain' | 'transactional',
): ErrorName | undefined {
  // From outside: an admin, or a consumer that assigns itself.
  if (epoch < 0 && group.isEmpty) return undefined
  if (epoch < 0 && !memberId && instanceId === null) {
    return kind === 'transactional' ? undefined : 'UNKNOWN_MEMBER_ID'
  }
  const error = group.memberError(memberId ?? '', instanceId)
  if (error) return error
  if (epoch !== group.generationId) return 'ILLEGAL_GENERATION'
  // It knows this generation, so its commit is none of an old one: it must only sync first.
  const isUnsynced = group.state.is === 'CompletingRebalance'
  return kind === 'plain' && isUnsynced ? 'REBALANCE_IN_PROGRESS' : undefined
}
