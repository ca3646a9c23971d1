import { AlterReplicaLogDirs, DescribeLogDirs } from '../protocol/index.ts'
import { byTopic } from './at-leaders.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { eachBroker } from './gather.ts'
import {
  failed,
  type ItemResult,
  itemError,
  itemResult,
  settled,
  type TopicPartition,
} from './result.ts'

/** A replica as it lies on a disk. */
export interface LogReplica extends TopicPartition {
  readonly bytes: number
  /** How many records it is behind the leader's end; or, of a copy on the move, behind the log. */
  readonly offsetLag: number
  /** Whether it is a copy that is being moved here from another folder of the same broker. */
  readonly isFuture: boolean
}

/** A folder in which a broker keeps logs. */
export interface LogDir {
  readonly path: string
  /** The size of its volume and what is free there; undefined from brokers of before Kafka 3.3. */
  readonly totalBytes: number | undefined
  readonly usableBytes: number | undefined
  readonly replicas: readonly LogReplica[]
}

/** Where a replica of a broker shall lie. */
export interface LogDirMove extends TopicPartition {
  readonly broker: number
  /** The folder's absolute path, one of those in `log.dirs`. */
  readonly path: string
}

interface OnBroker {
  readonly broker: number
}

/** The folders of brokers: `admin.logDirs`. */
export class LogDirs {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The log folders of brokers, of all of them where none are named. One result each, in order; a
   * broker with a broken disk fails with KAFKA_STORAGE_ERROR.
   *
   * @example
   * for (const { broker, ...result } of await admin.logDirs.describe()) …
   */
  async describe(
    brokers?: readonly number[],
    options: CallOptions & { readonly partitions?: readonly TopicPartition[] | undefined } = {},
  ): Promise<ItemResult<LogDir[], OnBroker>[]> {
    const errand = new Errand(this.#office, options)
    const alive = await errand.brokerIds()
    const topics = options.partitions
      ? [...byTopic(options.partitions)].map(([topic, slots]) => ({
          topic,
          partitions: slots.map(({ partition }) => partition),
        }))
      : null
    return eachBroker(brokers ?? alive, async broker => {
      const { results } = await errand.broker(broker, DescribeLogDirs, { topics })
      return results.map(result => {
        if (result.errorCode !== 0) throw itemError(result, { api: DescribeLogDirs.name })
        return readLogDir(result)
      })
    })
  }

  /**
   * Moves replicas to other folders of the same broker (KIP-113). One result each, in order.
   *
   * @example
   * await admin.logDirs.move([{ topic: 'orders', partition: 0, broker: 1, path: '/disk2/kafka' }])
   */
  async move(
    moves: readonly LogDirMove[],
    options?: CallOptions,
  ): Promise<ItemResult<void, TopicPartition & OnBroker>[]> {
    const errand = new Errand(this.#office, options)
    await errand.brokerIds()
    const brokers = [...new Set(moves.map(({ broker }) => broker))]
    const asked = await Promise.all(
      brokers.map(broker => {
        const own = moves.filter(move => move.broker === broker)
        const request = { dirs: dirsOf(own) }
        return settled({ broker }, errand.broker(broker, AlterReplicaLogDirs, request))
      }),
    )
    return moves.map(({ topic, partition, broker }) => {
      const item = { topic, partition, broker }
      const answer = asked.find(each => each.broker === broker)!
      if (answer.is === 'failed') return failed(item, answer.error)
      const own = answer.value.results
        .find(({ topicName }) => topicName === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
      return itemResult(item, own, { api: AlterReplicaLogDirs.name, topic, partition }, undefined)
    })
  }
}

function dirsOf(moves: readonly LogDirMove[]) {
  const paths = [...new Set(moves.map(({ path }) => path))]
  return paths.map(path => ({
    path,
    topics: [...byTopic(moves.filter(move => move.path === path))].map(([name, slots]) => ({
      name,
      partitions: slots.map(({ partition }) => partition),
    })),
  }))
}

interface LogDirAnswer {
  readonly logDir: string
  readonly totalBytes: number
  readonly usableBytes: number
  readonly topics: readonly {
    readonly name: string
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly partitionSize: number
      readonly offsetLag: number
      readonly isFutureKey: boolean
    }[]
  }[]
}

function readLogDir({ logDir: path, totalBytes, usableBytes, topics }: LogDirAnswer): LogDir {
  return {
    path,
    totalBytes: totalBytes < 0 ? undefined : totalBytes,
    usableBytes: usableBytes < 0 ? undefined : usableBytes,
    replicas: topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, partitionSize, offsetLag, isFutureKey }) => ({
        topic,
        partition: partitionIndex,
        bytes: partitionSize,
        offsetLag,
        isFuture: isFutureKey,
      })),
    ),
  }
}
