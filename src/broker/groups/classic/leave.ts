import type { ErrorName } from '../../../protocol/errors.ts'
import type { ClassicGroup } from './classic-group.ts'

/** Who is to leave: an admin names static members by their `group.instance.id` alone. */
export interface Leaving {
  readonly memberId: string
  readonly groupInstanceId: string | null
}

/** Takes members out, each with its own outcome, then lets the others rebalance once. */
export function leave(group: ClassicGroup, leaving: readonly Leaving[]): (ErrorName | undefined)[] {
  let hasLost = false
  const outcomes = leaving.map(({ memberId, groupInstanceId }) => {
    if (group.isPending(memberId)) {
      group.drop(memberId)
      return undefined
    }
    const staticId = groupInstanceId === null ? undefined : group.roster.staticId(groupInstanceId)
    const id = memberId === '' ? (staticId ?? '') : memberId
    const error = group.memberError(id, groupInstanceId)
    if (error) return error
    group.remove(id)
    hasLost = true
    return undefined
  })
  if (hasLost) group.settle()
  return outcomes
}

/** Whether a member may go on; it is alive, whatever the answer. */
export function heartbeat(
  group: ClassicGroup,
  memberId: string,
  instanceId: string | null,
  generationId: number,
): ErrorName | undefined {
  const error = group.memberError(memberId, instanceId)
  if (error) return error
  if (generationId !== group.generationId) return 'ILLEGAL_GENERATION'
  group.beat(group.roster.get(memberId)!)
  return group.state.is === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : undefined
}
