import type { ErrorName } from '../../protocol/errors.ts'
import type { Context } from '../handler.ts'
import type { ClassicGroup } from './classic/classic-group.ts'

/** Why this broker does not serve a group; the empty id is allowed for offsets alone, as of old. */
export function servingError(groupId: string, { cluster, node }: Context): ErrorName | undefined {
  if (groupId === '') return 'INVALID_GROUP_ID'
  return cluster.groups.coordinatorError(groupId, node.id)
}

/** The classic group that a member must already be in, or why it is not to be had. */
export function classicGroupOf(groupId: string, context: Context): ClassicGroup | ErrorName {
  const error = servingError(groupId, context)
  if (error) return error
  const group = context.cluster.groups.find(groupId)
  return group?.type === 'classic' ? group : 'UNKNOWN_MEMBER_ID'
}

/** The client's address as Kafka shows it, such as `/127.0.0.1`. */
export function clientHostOf({ peer }: Context): string {
  const host = peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer
  return `/${host.replace(/^\[(.*)\]$/, '$1')}`
}
