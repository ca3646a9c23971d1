import type { Clock } from '../../src/base/clock.ts'
import { MemoryNetwork } from '../../src/net/memory.ts'
import type { Transport } from '../../src/net/transport.ts'
import { decodeRequestHeader, encodeResponse, FrameSplitter } from '../../src/protocol/frame.ts'
import {
  type Api,
  ApiVersions,
  apiByKey,
  InitProducerId,
  Metadata,
  Produce,
  type RequestOf,
  type ResponseInput,
} from '../../src/protocol/index.ts'
import { readBatches } from '../../src/records/batch-reader.ts'
import { Reader } from '../../src/wire/reader.ts'

/** One partition's part of a Produce request, as a test wants to look at it. */
export interface Arrival {
  readonly topic: string
  readonly partition: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly values: string[]
  readonly keys: (string | null)[]
}

/** What the script answers for a partition: a base offset or an error code, or no answer at all. */
export type Reply =
  | { readonly baseOffset: number }
  | { readonly errorCode: number; readonly leader?: { id: number; epoch: number } }
  | 'silence'
  | 'hang up'

export interface Script {
  produce(arrival: Arrival, nth: number): Reply
  /** How long each Produce answer takes; 0 by default. */
  delayMs?: number
  /** For how long an answer asks for silence (KIP-219); 0 by default. */
  throttleMs?(nth: number): number
}

export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

/** A broker that does just what a test says: for failures that a whole broker would not make. */
export class ScriptedBroker {
  readonly network: MemoryNetwork
  readonly arrivals: Arrival[] = []
  readonly requests: string[] = []
  readonly #clock: Clock
  readonly #script: Script
  readonly #partitions: number
  readonly #topics: ReadonlySet<string>
  #produced = 0
  #producerIds = 1000n

  constructor(clock: Clock, script: Script, partitions = 1, topics = ['t']) {
    this.#clock = clock
    this.#script = script
    this.#partitions = partitions
    this.#topics = new Set(topics)
    this.network = new MemoryNetwork(clock)
  }

  get options(): { 'bootstrap.servers': string } {
    return { 'bootstrap.servers': 'broker:9092' }
  }

  async start(): Promise<void> {
    await this.network.listen({ host: 'broker', port: 9092 }, transport => this.#serve(transport))
  }

  #serve(transport: Transport): void {
    const splitter = new FrameSplitter(10_000_000)
    transport.listen({
      data: chunk => {
        for (const frame of splitter.push(chunk)) this.#answer(transport, frame)
      },
      drain() {},
      closed() {},
    })
  }

  #answer(transport: Transport, frame: Buffer): void {
    const reader = new Reader(frame)
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(reader)
    const api = apiByKey.get(apiKey)!
    this.requests.push(api.name)
    const reply = <A extends Api>(of: A, response: ResponseInput<A>) =>
      transport.write(encodeResponse(of, apiVersion, correlationId, response))
    switch (apiKey) {
      case ApiVersions.key:
        return void reply(ApiVersions, apiVersions())
      case Metadata.key:
        return void reply(Metadata, this.#metadata(Metadata.request.at(apiVersion).read(reader)))
      case InitProducerId.key: {
        const producerId = this.#producerIds++
        return void reply(InitProducerId, { errorCode: 0, producerId, producerEpoch: 0 })
      }
      case Produce.key: {
        const request = Produce.request.at(apiVersion).read(reader)
        this.#clock.after(this.#script.delayMs ?? 0, () => {
          const response = this.#produce(request)
          if (response === 'hang up') transport.destroy()
          else if (response !== 'silence' && request.acks !== 0) reply(Produce, response)
        })
      }
    }
  }

  #metadata(request: RequestOf<typeof Metadata>): ResponseInput<typeof Metadata> {
    const topics = (request.topics ?? []).map(({ name }) => {
      if (!this.#topics.has(name ?? '')) return { errorCode: 3, name, partitions: [] }
      const partitions = Array.from({ length: this.#partitions }, (_, partitionIndex) => ({
        errorCode: 0,
        partitionIndex,
        leaderId: 1,
        leaderEpoch: 1,
        replicaNodes: [1],
        isrNodes: [1],
        offlineReplicas: [],
      }))
      return { errorCode: 0, name, topicId: TOPIC_ID, partitions }
    })
    const brokers = [{ nodeId: 1, host: 'broker', port: 9092 }]
    return { brokers, controllerId: 1, clusterId: 'scripted', topics }
  }

  #produce(
    request: RequestOf<typeof Produce>,
  ): ResponseInput<typeof Produce> | 'silence' | 'hang up' {
    const responses = []
    for (const topic of request.topicData) {
      const partitionResponses = []
      for (const { index, records } of topic.partitionData) {
        const arrival = arrivalOf(topic.name || 't', index, records!)
        this.arrivals.push(arrival)
        const reply = this.#script.produce(arrival, this.#produced++)
        if (reply === 'silence' || reply === 'hang up') return reply
        partitionResponses.push({ index, ...replyFields(reply) })
      }
      responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
    }
    const throttleTimeMs = this.#script.throttleMs?.(this.#produced) ?? 0
    return { responses, throttleTimeMs }
  }
}

function replyFields(reply: Exclude<Reply, string>) {
  if ('baseOffset' in reply) return { errorCode: 0, baseOffset: reply.baseOffset }
  const { errorCode, leader } = reply
  const currentLeader = leader && { leaderId: leader.id, leaderEpoch: leader.epoch }
  return { errorCode, baseOffset: -1, ...(currentLeader && { currentLeader }) }
}

function arrivalOf(topic: string, partition: number, records: Buffer): Arrival {
  const values: string[] = []
  const keys: (string | null)[] = []
  const [batch] = [...readBatches(records)]
  if (!batch) throw new Error('a Produce request without a batch')
  batch.verifyCrc()
  for (const { key, value } of batch.cursor()) {
    values.push(value?.toString() ?? '')
    keys.push(key?.toString() ?? null)
  }
  const { producerId, producerEpoch, baseSequence } = batch
  return { topic, partition, producerId, producerEpoch, baseSequence, values, keys }
}

function apiVersions(): ResponseInput<typeof ApiVersions> {
  const served: Api[] = [Produce, Metadata, ApiVersions, InitProducerId]
  const apiKeys = served.map(({ key: apiKey, versions: [minVersion, maxVersion] }) => ({
    apiKey,
    minVersion,
    maxVersion,
  }))
  return { errorCode: 0, apiKeys }
}
