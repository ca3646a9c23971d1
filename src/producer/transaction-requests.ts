import type { CallOptions, Cluster, Failure } from '../cluster/cluster.ts'
import type { GroupMetadata, OffsetToCommit } from '../cluster/group-metadata.ts'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  EndTxn,
  InitProducerId,
  TxnOffsetCommit,
} from '../protocol/index.ts'
import type { ProducerId } from './identity.ts'

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** The last versions before a transaction's partitions add themselves (KIP-890). */
const FIRST_PROTOCOL = { addPartitions: 3, endTxn: 4, txnOffsetCommit: 4 }

/** The requests of one transactional id; each is tried again while that helps and time is left. */
export class TransactionRequests {
  readonly #cluster: Cluster
  readonly #transactionalId: string
  readonly #transactionTimeoutMs: number
  readonly #timeoutMs: number

  constructor(cluster: Cluster, transactionalId: string, timeouts: Readonly<Timeouts>) {
    this.#cluster = cluster
    this.#transactionalId = transactionalId
    this.#transactionTimeoutMs = timeouts.transactionTimeoutMs
    this.#timeoutMs = timeouts.maxBlockMs
  }

  /** An identity; the one held so far, if it is given, with its epoch bumped (KIP-360). */
  async init(held: ProducerId | undefined): Promise<ProducerId> {
    const { producerId, producerEpoch } = await this.#cluster.call(
      InitProducerId,
      {
        transactionalId: this.#transactionalId,
        transactionTimeoutMs: this.#transactionTimeoutMs,
        ...(held && { producerId: held.producerId, producerEpoch: held.producerEpoch }),
      },
      this.#toCoordinator(),
    )
    return { producerId, producerEpoch }
  }

  /** Tries again only while `isWanted`: a transaction that is being aborted needs no more parts. */
  async addPartitions(
    id: ProducerId,
    partitions: readonly TopicPartition[],
    isWanted: () => boolean,
  ): Promise<void> {
    const topics = new Map<string, number[]>()
    for (const { topic, partition } of partitions) {
      topics.set(topic, [...(topics.get(topic) ?? []), partition])
    }
    await this.#cluster.call(
      AddPartitionsToTxn,
      {
        v3AndBelowTransactionalId: this.#transactionalId,
        v3AndBelowProducerId: id.producerId,
        v3AndBelowProducerEpoch: id.producerEpoch,
        v3AndBelowTopics: [...topics].map(([name, indexes]) => ({ name, partitions: indexes })),
      },
      {
        ...this.#toCoordinator(),
        isWanted,
        maxVersion: FIRST_PROTOCOL.addPartitions,
        failure: answer => partitionFailure(answer.resultsByTopicV3AndBelow),
      },
    )
  }

  /** Ends the transaction; gives the identity for the next one where the broker says it (v5). */
  async end(id: ProducerId, committed: boolean, second: boolean): Promise<ProducerId | undefined> {
    const answer = await this.#cluster.call(
      EndTxn,
      { transactionalId: this.#transactionalId, ...id, committed },
      { ...this.#toCoordinator(), ...(!second && { maxVersion: FIRST_PROTOCOL.endTxn }) },
    )
    const { producerId, producerEpoch } = answer
    return producerId < 0n ? undefined : { producerId, producerEpoch }
  }

  /** Adds a group's partition of the offsets topic; only the first protocol asks for it. */
  async addOffsets(id: ProducerId, groupId: string, isWanted: () => boolean): Promise<void> {
    const added = { transactionalId: this.#transactionalId, ...id, groupId }
    await this.#cluster.call(AddOffsetsToTxn, added, { ...this.#toCoordinator(), isWanted })
  }

  async commitOffsets(
    id: ProducerId,
    offsets: readonly OffsetToCommit[],
    group: GroupMetadata,
    { second, isWanted }: { second: boolean; isWanted: () => boolean },
  ): Promise<void> {
    const topics = new Map<string, ReturnType<typeof offsetOf>[]>()
    for (const each of offsets) {
      topics.set(each.topic, [...(topics.get(each.topic) ?? []), offsetOf(each)])
    }
    await this.#cluster.call(
      TxnOffsetCommit,
      {
        transactionalId: this.#transactionalId,
        ...group,
        ...id,
        topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
      },
      {
        route: { to: 'coordinator', of: 'group', key: group.groupId },
        timeoutMs: this.#timeoutMs,
        isWanted,
        ...(!second && { maxVersion: FIRST_PROTOCOL.txnOffsetCommit }),
        failure: answer => offsetFailure(answer.topics),
      },
    )
  }

  #toCoordinator(): Pick<CallOptions<never>, 'route' | 'timeoutMs'> {
    const route = { to: 'coordinator', of: 'transaction', key: this.#transactionalId } as const
    return { route, timeoutMs: this.#timeoutMs }
  }
}

interface Timeouts {
  transactionTimeoutMs: number
  maxBlockMs: number
}

function offsetOf(each: OffsetToCommit) {
  return {
    partitionIndex: each.partition,
    committedOffset: each.offset,
    committedLeaderEpoch: each.leaderEpoch ?? -1,
    committedMetadata: each.metadata ?? '',
  }
}

interface TopicResults {
  readonly name: string
  readonly resultsByPartition: readonly {
    readonly partitionIndex: number
    readonly partitionErrorCode: number
  }[]
}

/** OPERATION_NOT_ATTEMPTED only says that another partition failed: that one's error counts. */
const NOT_ATTEMPTED = 55

function partitionFailure(topics: readonly TopicResults[]): Failure | undefined {
  let second: Failure | undefined
  for (const { name: topic, resultsByPartition } of topics) {
    for (const { partitionIndex: partition, partitionErrorCode: errorCode } of resultsByPartition) {
      if (errorCode === 0) continue
      const failure = { errorCode, at: { topic, partition } }
      if (errorCode !== NOT_ATTEMPTED) return failure
      second ??= failure
    }
  }
  return second
}

interface OffsetResults {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}

function offsetFailure(topics: readonly OffsetResults[]): Failure | undefined {
  for (const { name: topic, partitions } of topics) {
    for (const { partitionIndex: partition, errorCode } of partitions) {
      if (errorCode !== 0) return { errorCode, at: { topic, partition } }
    }
  }
  return undefined
}
