/**
 * DescribeGroups, versions 0 to 6.
 *
 * - Groups of the classic protocol; metadata and assignments of their members while stable.
 * - A group that does not exist (or is of the new protocol) is described as Dead; from version 6 on
 *   with GROUP_ID_NOT_FOUND (KIP-1043).
 * - 3: what the user may do with the group, where it is asked for: everything, without ACLs.
 */
import { DescribeGroups } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import type { ClassicGroup } from '../groups/classic/classic-group.ts'
import { type Context, on } from '../handler.ts'
import { code, GROUP_OPERATIONS, NOT_ASKED } from './answers.ts'

type Answer = ResponseInput<typeof DescribeGroups>['groups'][number]

const NOTHING = Buffer.alloc(0)

export const describeGroups = on(DescribeGroups, [0, 6], async (request, context) => {
  const authorizedOperations = request.includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED
  return {
    groups: request.groups.map(groupId => ({ ...answer(groupId, context), authorizedOperations })),
  }
})

function answer(groupId: string, context: Context): Answer {
  const { groups } = context.cluster
  const error = groups.coordinatorError(groupId, context.node.id)
  const group = error ? undefined : groups.find(groupId)
  if (group?.type === 'classic') return describe(group)
  const blank = { groupId, protocolType: '', protocolData: '', members: [] }
  if (error) return { ...blank, errorCode: code(error), groupState: '' }
  if (context.version < 6) return { ...blank, errorCode: 0, groupState: 'Dead' }
  const errorMessage = group
    ? `Group ${groupId} is not a classic group.`
    : `Group ${groupId} not found.`
  const errorCode = code('GROUP_ID_NOT_FOUND')
  return { ...blank, errorCode, errorMessage, groupState: 'Dead' }
}

function describe(group: ClassicGroup): Answer {
  const { groupId, state, protocolType } = group
  const protocol = state.is === 'Stable' ? state.protocol : undefined
  return {
    errorCode: 0,
    groupId,
    groupState: state.is,
    protocolType,
    protocolData: protocol ?? '',
    members: group.roster.all().map(member => ({
      memberId: member.id,
      groupInstanceId: member.facts.instanceId,
      clientId: member.facts.clientId,
      clientHost: member.facts.clientHost,
      memberMetadata: protocol === undefined ? NOTHING : member.metadata(protocol),
      memberAssignment: protocol === undefined ? NOTHING : member.assignment,
    })),
  }
}
