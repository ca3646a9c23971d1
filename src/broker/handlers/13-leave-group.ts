/**
 * LeaveGroup, versions 0 to 5.
 *
 * - The others rebalance once, however many leave.
 * - 3: several members at once, each with its own error; static ones may be named by their
 *   `group.instance.id` alone, as an admin does (KIP-345).
 */
import { LeaveGroup } from '../../protocol/messages/index.ts'
import { leave } from '../groups/classic/leave.ts'
import { classicGroupOf } from '../groups/serving.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const leaveGroup = on(LeaveGroup, [0, 5], async (request, context) => {
  const { groupId, memberId } = request
  const isBatch = context.version >= 3
  const leaving = isBatch ? request.members : [{ memberId, groupInstanceId: null }]
  const group = classicGroupOf(groupId, context)
  if (typeof group === 'string') return { errorCode: code(group), members: [] }
  const errors = leave(group, leaving).map(error => (error ? code(error) : 0))
  const lost = await context.cluster.groups.saved(groupId)
  if (lost) return { errorCode: code(lost), members: [] }
  if (!isBatch) return { errorCode: errors[0] ?? 0, members: [] }
  const members = leaving.map((member, i) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    errorCode: errors[i] ?? 0,
  }))
  return { errorCode: 0, members }
})
