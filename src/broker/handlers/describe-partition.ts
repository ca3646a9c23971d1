import type { ClusterState } from '../model/cluster-state.ts'
import { NO_LEADER, type Partition } from '../model/partition.ts'
import { code } from './answers.ts'

/** A partition as Metadata and DescribeTopicPartitions tell it. */
export function describePartition(partition: Partition, cluster: ClusterState) {
  const { replicas } = partition
  return {
    errorCode: partition.leader === NO_LEADER ? code('LEADER_NOT_AVAILABLE') : 0,
    partitionIndex: partition.index,
    leaderId: partition.leader,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: replicas,
    isrNodes: inSync(partition, id => cluster.isAlive(id)),
    offlineReplicas: replicas.filter(id => !cluster.isAlive(id)),
  }
}

/** Kafka never lets the last replica leave the in-sync set, even when it is gone. */
function inSync({ replicas }: Partition, isAlive: (id: number) => boolean): readonly number[] {
  const alive = replicas.filter(isAlive)
  return alive.length > 0 ? alive : replicas.slice(0, 1)
}
