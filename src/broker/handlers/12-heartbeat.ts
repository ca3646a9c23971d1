/**
 * Heartbeat, versions 0 to 4.
 *
 * - Keeps a member's session alive; REBALANCE_IN_PROGRESS tells it to join again.
 * - 3: static members, of which an older self is fenced (FENCED_INSTANCE_ID, KIP-345).
 */
import { Heartbeat } from '../../protocol/messages/index.ts'
import { heartbeat as beat } from '../groups/classic/leave.ts'
import { classicGroupOf } from '../groups/serving.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const heartbeat = on(Heartbeat, [0, 4], async (request, context) => {
  const { groupId, memberId, groupInstanceId, generationId } = request
  const group = classicGroupOf(groupId, context)
  const error =
    typeof group === 'string' ? group : beat(group, memberId, groupInstanceId, generationId)
  return { errorCode: error ? code(error) : 0 }
})
