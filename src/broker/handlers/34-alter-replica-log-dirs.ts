/**
 * AlterReplicaLogDirs, versions 1 and 2.
 *
 * - A broker has one log directory, so that there is nowhere to move a replica to: to the one where
 *   it is, nothing happens, any other is LOG_DIR_NOT_FOUND. UNKNOWN_TOPIC_OR_PARTITION for what
 *   does not exist, NOT_LEADER_OR_FOLLOWER for what has no replica here.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { AlterReplicaLogDirs } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

export const alterReplicaLogDirs = on(AlterReplicaLogDirs, [1, 2], async ({ dirs }, context) => ({
  results: dirs.flatMap(({ path, topics }) =>
    topics.map(({ name, partitions }) => ({
      topicName: name,
      partitions: partitions.map(partitionIndex => {
        const error = moveError(path, name, partitionIndex, context)
        return { partitionIndex, errorCode: error ? code(error) : 0 }
      }),
    })),
  ),
}))

function moveError(
  path: string,
  name: string,
  index: number,
  { cluster, node }: Context,
): ErrorName | undefined {
  if (path !== cluster.logDir) return 'LOG_DIR_NOT_FOUND'
  const partition = cluster.topics.named(name)?.partitions[index]
  if (!partition) return 'UNKNOWN_TOPIC_OR_PARTITION'
  return partition.replicas.includes(node.id) ? undefined : 'NOT_LEADER_OR_FOLLOWER'
}
