import { type ErrorName, errorByName } from '../../protocol/errors.ts'
import type { Context } from '../handler.ts'
import { endpointOf } from '../model/broker-node.ts'
import type { Partition } from '../model/partition.ts'

/** The number of an error, by Kafka's name. */
export function code(name: ErrorName): number {
  return errorByName(name).code
}

/** A bit set of operations that was not asked for. */
export const NOT_ASKED = -2147483648

/** All that can be done with a group: bits READ (3), DELETE (6), DESCRIBE (8), configs (10, 11). */
export const GROUP_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11)

/** Who leads a partition, for a client that asked somebody else (KIP-951). */
export function currentLeader({ leader, leaderEpoch }: Partition) {
  return { leaderId: leader, leaderEpoch }
}

/** Where the brokers live that an answer names as leaders (KIP-951), each once. */
export function leaderEndpoints({ cluster, listener }: Context, leaders: ReadonlySet<number>) {
  return cluster.nodes.filter(node => leaders.has(node.id)).map(node => endpointOf(node, listener))
}

/** Why this broker does not serve a partition to a client that believes in `epoch`. */
export function leadershipError(
  partition: Partition,
  { node }: Context,
  epoch: number,
): ErrorName | undefined {
  if (epoch >= 0 && epoch < partition.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (epoch > partition.leaderEpoch) return 'UNKNOWN_LEADER_EPOCH'
  if (partition.leader !== node.id) return 'NOT_LEADER_OR_FOLLOWER'
  return undefined
}
