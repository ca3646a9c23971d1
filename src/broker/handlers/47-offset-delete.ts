/**
 * OffsetDelete, version 0.
 *
 * - Deletes offsets of topics that no member of the group reads (GROUP_SUBSCRIBED_TO_TOPIC for the
 *   others). A group whose members are no consumers must be empty (NON_EMPTY_GROUP).
 */
import { OffsetDelete } from '../../protocol/messages/index.ts'
import type { OffsetPlace } from '../groups/offsets/offset-store.ts'
import { servingError } from '../groups/serving.ts'
import { on } from '../handler.ts'
import { NOT_KEPT } from '../model/internal-topic.ts'
import { code } from './answers.ts'

export const offsetDelete = on(
  OffsetDelete,
  [0, 0],
  async (request, context) => {
    const { groupId } = request
    const { groups, topics: known } = context.cluster
    const group = groups.find(groupId)
    const error =
      servingError(groupId, context) ?? (group ? group.offsetDeleteError() : 'GROUP_ID_NOT_FOUND')
    if (error || !group) return { errorCode: code(error ?? 'GROUP_ID_NOT_FOUND'), topics: [] }
    const places: OffsetPlace[] = []
    const topics = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        const failure = context.failureOf(name, partitionIndex)
        if (failure) return { partitionIndex, errorCode: code(failure) }
        if (!known.named(name)?.partitions[partitionIndex]) {
          return { partitionIndex, errorCode: code('UNKNOWN_TOPIC_OR_PARTITION') }
        }
        if (!group.isEmpty && group.subscribes(name)) {
          return { partitionIndex, errorCode: code('GROUP_SUBSCRIBED_TO_TOPIC') }
        }
        places.push({ topic: name, partition: partitionIndex })
        return { partitionIndex, errorCode: 0 }
      }),
    }))
    return groups.deleteOffsets(groupId, places).then(
      () => ({ errorCode: 0, topics }),
      () => ({ errorCode: code(NOT_KEPT), topics: [] }),
    )
  },
  { fails: 'placed' },
)
