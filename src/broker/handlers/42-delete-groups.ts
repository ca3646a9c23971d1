/**
 * DeleteGroups, versions 0 to 2.
 *
 * - A group is gone with its offsets when the answer comes; one with members is refused
 *   (NON_EMPTY_GROUP).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DeleteGroups } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { NOT_KEPT } from '../model/internal-topic.ts'
import { code } from './answers.ts'

export const deleteGroups = on(DeleteGroups, [0, 2], async (request, context) => {
  const results: { groupId: string; errorCode: number }[] = []
  for (const groupId of new Set(request.groupsNames)) {
    const error = await remove(groupId, context)
    results.push({ groupId, errorCode: error ? code(error) : 0 })
  }
  return { results }
})

async function remove(groupId: string, context: Context): Promise<ErrorName | undefined> {
  const { groups } = context.cluster
  const error = groups.coordinatorError(groupId, context.node.id)
  if (error) return error
  const group = groups.find(groupId)
  if (!group) return 'GROUP_ID_NOT_FOUND'
  if (!group.isEmpty) return 'NON_EMPTY_GROUP'
  return groups.delete(group).then(
    () => undefined,
    () => NOT_KEPT,
  )
}
