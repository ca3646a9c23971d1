/**
 * DeleteRecords, versions 0 to 2.
 *
 * - Moves the start of a partition's log up to an offset; -1 stands for the high watermark. Beyond
 *   that, or below -1, it is OFFSET_OUT_OF_RANGE; below the start nothing happens.
 * - The cluster's own topics are INVALID_TOPIC_EXCEPTION, those that are compacted and not deleted
 *   from POLICY_VIOLATION.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { DeleteRecords } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { type Context, on } from '../handler.ts'
import { code, leadershipError } from './answers.ts'

type PartitionAnswer = ResponseInput<typeof DeleteRecords>['topics'][number]['partitions'][number]

const ALL = -1

export const deleteRecords = on(
  DeleteRecords,
  [0, 2],
  async (request, context) => {
    const topics = request.topics.map(async ({ name, partitions }) => ({
      name,
      partitions: await Promise.all(
        partitions.map(({ partitionIndex, offset }) =>
          remove(name, partitionIndex, offset, context),
        ),
      ),
    }))
    return { topics: await Promise.all(topics) }
  },
  { fails: 'inside' },
)

async function remove(
  name: string,
  partitionIndex: number,
  offset: number,
  context: Context,
): Promise<PartitionAnswer> {
  const failed = (error: ErrorName) => ({
    partitionIndex,
    lowWatermark: -1,
    errorCode: code(error),
  })
  const topic = context.cluster.topics.named(name)
  const partition = topic?.partitions[partitionIndex]
  if (!topic || !partition) return failed('UNKNOWN_TOPIC_OR_PARTITION')
  if (topic.isInternal) return failed('INVALID_TOPIC_EXCEPTION')
  const error = context.failureOf(name, partitionIndex) ?? leadershipError(partition, context, -1)
  if (error) return failed(error)
  if (!topic.settings.isDeleted) return failed('POLICY_VIOLATION')
  const { log } = partition
  const upTo = offset === ALL ? log.highWatermark : offset
  if (upTo < 0 || upTo > log.highWatermark) return failed('OFFSET_OUT_OF_RANGE')
  await log.deleteBefore(upTo)
  return { partitionIndex, lowWatermark: log.startOffset, errorCode: 0 }
}
