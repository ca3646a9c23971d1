/**
 * SyncGroup, versions 0 to 5.
 *
 * - The leader's assignment makes the group stable; the others wait for it. Members that the leader
 *   leaves out get an empty one.
 * - 3: static members (KIP-345). 5: protocol type and name must be given, and be right.
 */
import { SyncGroup } from '../../protocol/messages/index.ts'
import { syncFailure } from '../groups/classic/member.ts'
import { sync } from '../groups/classic/sync.ts'
import { classicGroupOf } from '../groups/serving.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const syncGroup = on(SyncGroup, [0, 5], async (request, context) => {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  if (context.version >= 5 && (protocolType === null || protocolName === null)) {
    return syncFailure(code('INCONSISTENT_GROUP_PROTOCOL'))
  }
  const group = classicGroupOf(groupId, context)
  if (typeof group === 'string') return syncFailure(code(group))
  const answer = await sync(group, {
    memberId,
    instanceId: groupInstanceId,
    generationId,
    protocolType,
    protocolName,
    assignments: new Map(request.assignments.map(each => [each.memberId, each.assignment])),
    node: context.node.id,
  })
  const lost = await context.cluster.groups.saved(groupId)
  return lost && answer.errorCode === 0 ? syncFailure(code(lost)) : answer
})
