/**
 * ListGroups, versions 0 to 5.
 *
 * - The groups that this broker coordinates: a client asks them all.
 * - 4: filter by state, 5: by type (classic, consumer); upper and lower case are the same.
 */
import { ListGroups } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'

export const listGroups = on(ListGroups, [0, 5], async (request, { cluster, node }) => {
  const states = request.statesFilter.map(state => state.toLowerCase())
  const types = request.typesFilter.map(type => type.toLowerCase())
  const groups = cluster.groups
    .coordinatedBy(node.id)
    .filter(({ stateName }) => states.length === 0 || states.includes(stateName.toLowerCase()))
    .filter(({ type }) => types.length === 0 || types.includes(type))
  return {
    errorCode: 0,
    groups: groups.map(({ groupId, protocolType, stateName, type }) => ({
      groupId,
      protocolType,
      groupState: stateName,
      groupType: type,
    })),
  }
})
