import { systemClock } from '../../src/base/clock.ts'
import type { Address } from '../../src/net/transport.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  DescribeTransactions,
  EndTxn,
  FindCoordinator,
  InitProducerId,
  Metadata,
  OffsetFetch,
  Produce,
  TxnOffsetCommit,
} from '../../src/protocol/messages/index.ts'
import type { Api, RequestInput, ResponseOf } from '../../src/protocol/schema/api.ts'
import { batchOf } from '../broker/batches.ts'
import { RawClient } from '../broker/raw-client.ts'

/** Whom a transactional id belongs to. */
export interface Identity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: ask again. */
const NOT_THERE_YET = /rrorCode":1[456]\b/
const NOT_LEADER_OR_FOLLOWER = 6
/** What a leader says that does not know its producer's coordinator yet, or can't reach it. */
const NOT_ENOUGH_REPLICAS = 19
const CONCURRENT_TRANSACTIONS = 51

/**
 * A transactional producer without manners: each request goes out as it is given, in the version
 * that is asked for, and its error comes back by name. Only that the cluster is not ready yet, and
 * CONCURRENT_TRANSACTIONS where that is said to be expected, are waited out.
 */
export class TransactionClient {
  readonly transactionalId: string
  readonly topic: string
  readonly group: string
  readonly #bootstrap: string
  readonly #connections = new Map<string, Promise<RawClient>>()

  constructor(bootstrapServers: string, name: string) {
    this.#bootstrap = bootstrapServers.split(',')[0]!
    this.transactionalId = name
    this.topic = `${name}-topic`
    this.group = `${name}-group`
  }

  async init(version: number, held?: Identity, transactionTimeoutMs = 60_000) {
    const { transactionalId } = this
    const request = { transactionalId, transactionTimeoutMs, ...held }
    const answer = await this.coordinator(InitProducerId, version, request)
    const { producerId, producerEpoch } = answer
    return { error: named(answer.errorCode), producerId, producerEpoch }
  }

  /** An identity: a transaction that is in the way is aborted by asking, so it is asked again. */
  async identity(version = 5, held?: Identity): Promise<Identity> {
    const { error, ...identity } = await this.untilFree(() => this.init(version, held))
    if (error !== 'NONE') throw new Error(`no identity: ${error}`)
    return identity
  }

  async add(version: number, id: Identity, partitions = [0]): Promise<string> {
    const topics = [{ name: this.topic, partitions }]
    const { transactionalId } = this
    const answer = await this.coordinator(AddPartitionsToTxn, version, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: id.producerId,
      v3AndBelowProducerEpoch: id.producerEpoch,
      v3AndBelowTopics: topics,
      transactions: [],
    })
    const results = answer.resultsByTopicV3AndBelow[0]!.resultsByPartition
    return results.map(each => named(each.partitionErrorCode)).join(' ')
  }

  /** As brokers ask each other. */
  async verify(id: Identity, partition = 0, verifyOnly = true): Promise<string> {
    const { transactionalId, topic: name } = this
    const topics = [{ name, partitions: [partition] }]
    const transaction = { transactionalId, ...id, verifyOnly, topics }
    const answer = await this.coordinator(AddPartitionsToTxn, 5, {
      transactions: [transaction],
      v3AndBelowTransactionalId: '',
      v3AndBelowProducerId: 0n,
      v3AndBelowProducerEpoch: 0,
      v3AndBelowTopics: [],
    })
    const result = answer.resultsByTransaction[0]!.topicResults[0]!.resultsByPartition[0]!
    return named(result.partitionErrorCode)
  }

  async end(version: number, id: Identity, committed: boolean) {
    const { transactionalId } = this
    const answer = await this.coordinator(EndTxn, version, { transactionalId, ...id, committed })
    const { producerId, producerEpoch } = answer
    return { error: named(answer.errorCode), producerId, producerEpoch }
  }

  async produce(version: number, id: Identity, options: ProduceOptions = {}): Promise<string> {
    const { partition: index = 0, value = 'v', sequence: baseSequence = 0 } = options
    const { transactional = true, mayLack = false } = options
    const records = batchOf([value], { ...id, baseSequence, transactional })
    for (;;) {
      const leader = await this.#leader(index)
      const answer = await leader.call(Produce, version, {
        transactionalId: transactional ? this.transactionalId : null,
        acks: -1,
        timeoutMs: 5_000,
        topicData: [{ name: this.topic, partitionData: [{ index, records }] }],
      })
      const { errorCode } = answer.responses[0]!.partitionResponses[0]!
      const isLack = errorCode === NOT_ENOUGH_REPLICAS && !mayLack
      if (errorCode !== NOT_LEADER_OR_FOLLOWER && !isLack) return named(errorCode)
      await pause()
    }
  }

  async addOffsets(version: number, id: Identity): Promise<string> {
    const { transactionalId, group: groupId } = this
    const answer = await this.coordinator(AddOffsetsToTxn, version, {
      transactionalId,
      ...id,
      groupId,
    })
    return named(answer.errorCode)
  }

  async commitOffset(version: number, id: Identity, committedOffset: number): Promise<string> {
    const partition = { partitionIndex: 0, committedOffset, committedMetadata: '' }
    const request = {
      transactionalId: this.transactionalId,
      groupId: this.group,
      ...id,
      memberId: '',
      topics: [{ name: this.topic, partitions: [partition] }],
    }
    const answer = await this.#asked(TxnOffsetCommit, version, request, 0, this.group)
    return named(answer.topics[0]!.partitions[0]!.errorCode)
  }

  /** The group's committed offset, or why it can't be told. */
  async committed(requireStable: boolean): Promise<number | string> {
    const { group: groupId, topic: name } = this
    const groups = [{ groupId, topics: [{ name, partitionIndexes: [0] }] }]
    const request = { groups, requireStable }
    const answer = await this.#asked(OffsetFetch, 8, request, 0, groupId)
    const { errorCode, committedOffset } = answer.groups[0]!.topics[0]!.partitions[0]!
    return errorCode === 0 ? committedOffset : named(errorCode)
  }

  async describe() {
    const { transactionalId } = this
    const request = { transactionalIds: [transactionalId] }
    const answer = await this.coordinator(DescribeTransactions, 0, request)
    const { transactionState: state, errorCode, producerEpoch } = answer.transactionStates[0]!
    return { state: errorCode === 0 ? state : named(errorCode), producerEpoch }
  }

  /** Waits for the markers: until the transaction is no longer open or being decided. */
  async settled(): Promise<string> {
    for (;;) {
      const { state } = await this.describe()
      if (state !== 'Ongoing' && !state.startsWith('Prepare')) return state
      await pause()
    }
  }

  /** Repeats a request for as long as the last transaction is in its way. */
  async untilFree<Answer extends string | { readonly error: string }>(
    ask: () => Promise<Answer>,
  ): Promise<Answer> {
    for (;;) {
      const answer = await ask()
      const error = typeof answer === 'string' ? answer : answer.error
      if (error !== named(CONCURRENT_TRANSACTIONS)) return answer
      await pause()
    }
  }

  /** Asks the coordinator of the transactional id. */
  coordinator<A extends Api>(
    api: A,
    version: number,
    request: RequestInput<A>,
  ): Promise<ResponseOf<A>> {
    return this.#asked(api, version, request, 1, this.transactionalId)
  }

  close(): void {
    for (const connection of this.#connections.values()) {
      connection.then(
        client => client.close(),
        () => {},
      )
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #asked<A extends Api>(
    api: A,
    version: number,
    request: RequestInput<A>,
    keyType: number,
    key: string,
  ): Promise<ResponseOf<A>> {
    for (;;) {
      const client = await this.#coordinatorOf(keyType, key)
      const answer = await client.call(api, version, request)
      if (!NOT_THERE_YET.test(JSON.stringify(answer, plain))) return answer
      await pause()
    }
  }

  async #coordinatorOf(keyType: number, key: string): Promise<RawClient> {
    for (;;) {
      const first = await this.#connect(this.#bootstrap)
      const answer = await first.call(FindCoordinator, 4, { keyType, coordinatorKeys: [key] })
      const { errorCode, host, port } = answer.coordinators[0]!
      if (errorCode === 0) return this.#connect(`${host}:${port}`)
      await pause()
    }
  }

  async #leader(partition: number): Promise<RawClient> {
    for (;;) {
      const first = await this.#connect(this.#bootstrap)
      const topics = [{ name: this.topic }]
      const answer = await first.call(Metadata, 9, { topics, allowAutoTopicCreation: true })
      const leader = answer.topics[0]!.partitions[partition]?.leaderId ?? -1
      const broker = answer.brokers.find(({ nodeId }) => nodeId === leader)
      if (broker) return this.#connect(`${broker.host}:${broker.port}`)
      await pause()
    }
  }

  #connect(address: string): Promise<RawClient> {
    const known = this.#connections.get(address)
    if (known) return known
    const opening = RawClient.open(addressOf(address))
    this.#connections.set(address, opening)
    return opening
  }
}

interface ProduceOptions {
  readonly partition?: number
  readonly value?: string
  readonly sequence?: number
  readonly transactional?: boolean
  /** Whether NOT_ENOUGH_REPLICAS is the answer that is asked for, and none to wait out. */
  readonly mayLack?: boolean
}

function named(errorCode: number): string {
  return errorCode === 0 ? 'NONE' : errorByCode(errorCode).name
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}

function pause(): Promise<void> {
  return new Promise(resolve => systemClock.after(10, resolve))
}
