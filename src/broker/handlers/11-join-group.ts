/**
 * JoinGroup, versions 0 to 9.
 *
 * - Waits until all members have joined, or until the longest of their rebalance timeouts is over.
 *   The first member of a group is answered at once unless `group.initial.rebalance.delay.ms` says
 *   otherwise.
 * - The protocol is chosen by vote; whoever has none in common with the others is refused
 *   (INCONSISTENT_GROUP_PROTOCOL).
 * - 1: a rebalance timeout of its own; before, the session timeout. 4: a newcomer is sent back with
 *   an id (MEMBER_ID_REQUIRED, KIP-394). 5: static members (KIP-345). 9: a leader that came back
 *   is told not to assign (KIP-814).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { JoinGroup, type JoinGroupRequest } from '../../protocol/messages/index.ts'
import { join } from '../groups/classic/join.ts'
import { type JoinAnswer, joinFailure } from '../groups/classic/member.ts'
import { clientHostOf, servingError } from '../groups/serving.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

export const joinGroup = on(JoinGroup, [0, 9], async (request, context) => {
  const answer = await answerTo(request, context)
  const lost = await context.cluster.groups.saved(request.groupId)
  if (lost && answer.errorCode === 0) return joinFailure(code(lost), answer.memberId)
  // The name of no protocol is null since version 7.
  const nothing = context.version >= 7 ? null : ''
  return { ...answer, protocolName: answer.protocolName ?? nothing }
})

async function answerTo(request: JoinGroupRequest, context: Context): Promise<JoinAnswer> {
  const { groupId, memberId, groupInstanceId: instanceId } = request
  const { groups } = context.cluster
  const error = servingError(groupId, context) ?? timeoutError(request, context)
  if (error) return joinFailure(code(error), memberId)
  if (memberId !== '' && !groups.find(groupId)) {
    return joinFailure(code('UNKNOWN_MEMBER_ID'), memberId)
  }
  const group = groups.classic(groupId)
  if (!group) return joinFailure(code('INCONSISTENT_GROUP_PROTOCOL'), memberId)
  const clientId = context.clientId ?? ''
  const { protocolType, protocols, sessionTimeoutMs, rebalanceTimeoutMs } = request
  return join(group, {
    memberId,
    facts: {
      instanceId,
      clientId,
      clientHost: clientHostOf(context),
      protocolType,
      protocols,
      rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
      sessionTimeoutMs,
    },
    node: context.node.id,
    newId: groups.host.newMemberId(instanceId ?? clientId),
    needsKnownId: context.version >= 4,
    knowsSkipping: context.version >= 9,
  })
}

function timeoutError(
  { sessionTimeoutMs }: JoinGroupRequest,
  { cluster }: Context,
): ErrorName | undefined {
  const { minSessionMs, maxSessionMs } = cluster.groups.host.settings
  const isRight = sessionTimeoutMs >= minSessionMs && sessionTimeoutMs <= maxSessionMs
  return isRight ? undefined : 'INVALID_SESSION_TIMEOUT'
}
