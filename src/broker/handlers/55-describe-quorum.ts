/**
 * DescribeQuorum, versions 0 to 2.
 *
 * - Tells of the topic `__cluster_metadata`: there is no such log here, but every broker is told as
 *   a voter, led by the controller, and the high watermark counts the changes of the cluster. Other
 *   topics are UNKNOWN_TOPIC_OR_PARTITION.
 * - 1: when the living ones caught up: now. 2: where they listen.
 */
import { DescribeQuorum, type DescribeQuorumRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { type Context, on } from '../handler.ts'
import { code } from './answers.ts'

type PartitionAnswer = ResponseInput<typeof DescribeQuorum>['topics'][number]['partitions'][number]

const METADATA_TOPIC = '__cluster_metadata'

export const describeQuorum = on(DescribeQuorum, [0, 2], async ({ topics }, context) => ({
  errorCode: 0,
  errorMessage: null,
  topics: topics.map(({ topicName, partitions }) => ({
    topicName,
    partitions: partitions.map(({ partitionIndex }) =>
      topicName === METADATA_TOPIC && partitionIndex === 0
        ? metadataPartition(context)
        : unknown(partitionIndex),
    ),
  })),
  nodes: isAboutMetadata(topics)
    ? context.cluster.nodes.map(({ id, address }) => ({
        nodeId: id,
        listeners: [{ name: 'CONTROLLER', host: address.host, port: address.port }],
      }))
    : [],
}))

function isAboutMetadata(topics: DescribeQuorumRequest['topics']): boolean {
  return topics.some(({ topicName }) => topicName === METADATA_TOPIC)
}

function metadataPartition({ cluster }: Context): PartitionAnswer {
  const now = cluster.clock.epoch()
  return {
    partitionIndex: 0,
    errorCode: 0,
    errorMessage: null,
    leaderId: cluster.controllerId,
    leaderEpoch: 1,
    highWatermark: cluster.changes,
    currentVoters: cluster.nodes.map(({ id, isAlive }) => ({
      replicaId: id,
      replicaDirectoryId: ZERO_UUID,
      logEndOffset: cluster.changes,
      lastFetchTimestamp: isAlive ? now : -1,
      lastCaughtUpTimestamp: isAlive ? now : -1,
    })),
    observers: [],
  }
}

function unknown(partitionIndex: number): PartitionAnswer {
  return {
    partitionIndex,
    errorCode: code('UNKNOWN_TOPIC_OR_PARTITION'),
    errorMessage: null,
    leaderId: 0,
    leaderEpoch: 0,
    highWatermark: 0,
    currentVoters: [],
    observers: [],
  }
}
