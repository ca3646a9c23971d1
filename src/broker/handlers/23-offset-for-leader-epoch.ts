/**
 * OffsetForLeaderEpoch, versions 2 to 4.
 *
 * - Where a leader epoch ended in a partition's log, or the largest one below it: by which a reader
 *   finds out that the log it read was cut (KIP-101, KIP-320). Nothing is known of epochs to come.
 * - The reader's own belief of the present epoch is checked: FENCED_LEADER_EPOCH,
 *   UNKNOWN_LEADER_EPOCH.
 */
import { OffsetForLeaderEpoch } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import type { Partition } from '../model/partition.ts'
import { code, leadershipError } from './answers.ts'

export const offsetForLeaderEpoch = on(
  OffsetForLeaderEpoch,
  [2, 4],
  async ({ topics }, context) => ({
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => ({
        partition,
        ...answer(topic, partition, { currentLeaderEpoch, leaderEpoch }, context),
      })),
    })),
  }),
  { fails: 'inside' },
)

function answer(
  topic: string,
  index: number,
  asked: { readonly currentLeaderEpoch: number; readonly leaderEpoch: number },
  context: Context,
) {
  const partition = context.cluster.topics.named(topic)?.partitions[index]
  if (!partition) return { errorCode: code('UNKNOWN_TOPIC_OR_PARTITION') }
  const error =
    context.failureOf(topic, index) ?? leadershipError(partition, context, asked.currentLeaderEpoch)
  if (error) return { errorCode: code(error) }
  return { errorCode: 0, ...endOf(partition, asked.leaderEpoch) }
}

function endOf({ log, leaderEpoch: present }: Partition, leaderEpoch: number) {
  if (leaderEpoch === present) return { leaderEpoch, endOffset: log.endOffset }
  if (leaderEpoch < 0 || leaderEpoch > present) return {}
  const known = log.epochs.endOf(leaderEpoch, log.endOffset)
  return known
    ? { leaderEpoch: known.epoch, endOffset: known.endOffset }
    : { leaderEpoch, endOffset: log.startOffset }
}
