import {
  AlterPartitionReassignments,
  ElectLeaders,
  ListPartitionReassignments,
  type ResponseOf,
} from '../protocol/index.ts'
import { byTopic } from './at-leaders.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import {
  done,
  type ItemAnswer,
  type ItemResult,
  itemResult,
  type TopicPartition,
} from './result.ts'

const ELECTION_NOT_NEEDED = 84

/** Where the replicas of a partition shall be. */
export interface Reassignment extends TopicPartition {
  /** The preferred leader first; null calls off a move that is under way. */
  readonly replicas: readonly number[] | null
}

/** A move of a partition that is under way. */
export interface OngoingReassignment extends TopicPartition {
  /** All replicas now: those that stay, those that come and those that go. */
  readonly replicas: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** What an election came to: `unchanged` where the right replica leads already. */
export type ElectionOutcome = 'elected' | 'unchanged'

/** Where replicas are and which of them lead: `admin.replicas`. */
export class Replicas {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * Begins to move partitions to other brokers (KIP-455); data is copied in the background, which
   * `listReassignments` shows. One result each, in order.
   *
   * @example
   * await admin.replicas.reassign([{ topic: 'orders', partition: 0, replicas: [2, 3] }])
   */
  async reassign(
    moves: readonly Reassignment[],
    options?: CallOptions,
  ): Promise<ItemResult<void, TopicPartition>[]> {
    const errand = new Errand(this.#office, options)
    const topics = [...byTopic(moves)].map(([name, slots]) => ({
      name,
      partitions: slots.map(({ partition: partitionIndex, replicas }) => ({
        partitionIndex,
        replicas,
      })),
    }))
    const request = { topics, timeoutMs: errand.brokerMs }
    const answer = await errand.controller(AlterPartitionReassignments, request, each =>
      each.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    )
    return moves.map(({ topic, partition }) => {
      const own = answer.responses
        .find(({ name }) => name === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
      const at = { api: AlterPartitionReassignments.name, topic, partition }
      return itemResult({ topic, partition }, own, at, undefined)
    })
  }

  /**
   * The moves that are under way: of the partitions that are named, or all.
   *
   * @example
   * while ((await admin.replicas.listReassignments()).length > 0) await aWhile()
   */
  async listReassignments(
    partitions?: readonly TopicPartition[],
    options?: CallOptions,
  ): Promise<OngoingReassignment[]> {
    const errand = new Errand(this.#office, options)
    const topics =
      partitions &&
      [...byTopic(partitions)].map(([name, slots]) => ({
        name,
        partitionIndexes: slots.map(({ partition }) => partition),
      }))
    const request = { topics: topics ?? null, timeoutMs: errand.brokerMs }
    const answer = await errand.controller(ListPartitionReassignments, request, () => [])
    return answer.topics.flatMap(({ name: topic, partitions: moving }) =>
      moving.map(({ partitionIndex: partition, replicas, addingReplicas, removingReplicas }) => ({
        topic,
        partition,
        replicas,
        adding: addingReplicas,
        removing: removingReplicas,
      })),
    )
  }

  /**
   * Makes the preferred replicas lead (KIP-183); of all partitions, where none are named. With
   * `unclean`, a replica that is alive leads although it may lack records, which are lost then
   * (KIP-460). One result each.
   *
   * @example
   * const results = await admin.replicas.electLeaders([{ topic: 'orders', partition: 0 }])
   */
  async electLeaders(
    partitions?: readonly TopicPartition[],
    options: CallOptions & { readonly unclean?: boolean | undefined } = {},
  ): Promise<ItemResult<ElectionOutcome, TopicPartition>[]> {
    const errand = new Errand(this.#office, options)
    const topicPartitions =
      partitions &&
      [...byTopic(partitions)].map(([topic, slots]) => ({
        topic,
        partitions: slots.map(({ partition }) => partition),
      }))
    const request = {
      electionType: options.unclean ? 1 : 0,
      topicPartitions: topicPartitions ?? null,
      timeoutMs: errand.brokerMs,
    }
    const answer = await errand.controller(ElectLeaders, request, each =>
      answersIn(each).map(({ errorCode }) => errorCode),
    )
    const answers = answersIn(answer)
    return (partitions ?? answers).map(({ topic, partition }) => {
      const own = answers.find(each => each.topic === topic && each.partition === partition)
      return electionResult({ topic, partition }, own)
    })
  }
}

function electionResult(
  item: TopicPartition,
  answer: ItemAnswer | undefined,
): ItemResult<ElectionOutcome, TopicPartition> {
  if (answer?.errorCode === ELECTION_NOT_NEEDED) return done(item, 'unchanged')
  return itemResult(item, answer, { api: ElectLeaders.name, ...item }, 'elected')
}

function answersIn(answer: ResponseOf<typeof ElectLeaders>): (ItemAnswer & TopicPartition)[] {
  return answer.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map(({ partitionId: partition, ...rest }) => ({ topic, partition, ...rest })),
  )
}
