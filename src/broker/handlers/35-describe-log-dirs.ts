/**
 * DescribeLogDirs, versions 1 to 5.
 *
 * - Tells of the one log directory of this broker: the data folder, or `memory` where there is
 *   none, and the size of each partition that has a replica here. All replicas are one log, so that
 *   none lags. Partitions that do not exist, or are elsewhere, are left out.
 * - 4: the room on the disk; -1 in memory. 5: never cordoned.
 */
import { statfs } from 'node:fs/promises'
import { DescribeLogDirs, type DescribeLogDirsRequest } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'

export const describeLogDirs = on(DescribeLogDirs, [1, 5], async ({ topics }, context) => ({
  errorCode: 0,
  results: [
    {
      errorCode: 0,
      logDir: context.cluster.logDir,
      topics: replicasHere(topics, context),
      ...(await roomOn(context)),
    },
  ],
}))

function replicasHere(asked: DescribeLogDirsRequest['topics'], { cluster, node }: Context) {
  return [...cluster.topics.all()].flatMap(({ name, partitions }) => {
    const wanted = asked?.filter(({ topic }) => topic === name).flatMap(each => each.partitions)
    const here = partitions.filter(
      ({ index, replicas }) => replicas.includes(node.id) && (wanted?.includes(index) ?? true),
    )
    if (here.length === 0) return []
    const told = here.map(({ index, log }) => ({
      partitionIndex: index,
      partitionSize: log.size,
      offsetLag: 0,
      isFutureKey: false,
    }))
    return [{ name, partitions: told }]
  })
}

async function roomOn({ cluster }: Context) {
  if (!cluster.hasFolder) return { totalBytes: -1, usableBytes: -1 }
  const { blocks, bavail, bsize } = await statfs(cluster.logDir)
  return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
}
