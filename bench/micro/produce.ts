/**
 * What producing costs without a network: the whole producer, with a connection whose other end
 * says yes to everything and looks at nothing. CPU time of this process for each record, the best
 * of several rounds and the first: `npm run bench:micro [ROUNDS] [PART ...]`. It is compiled, since
 * what tsx adds to every closure costs more than the closure.
 */
import type { Address, Transport, TransportEvents } from '../../src/net/transport.ts'
import { Producer } from '../../src/producer/producer.ts'
import { encodeResponse } from '../../src/protocol/frame.ts'
import {
  type Api,
  ApiVersions,
  InitProducerId,
  Metadata,
  Produce,
  type ResponseInput,
} from '../../src/protocol/index.ts'
import { recordLines } from '../records.ts'

const RECORDS = 1_000_000
const PARTITIONS = 6
const OUTSTANDING = 10_000
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
const rounds = Number(process.argv[2] ?? 7)

/** Answers that need nothing of the request but its correlation id. */
const answers = new Map<number, { api: Api; answer: ResponseInput<Api> }>()
const answerTo = <A extends Api>(api: A, answer: ResponseInput<A>) =>
  answers.set(api.key, { api, answer })

answerTo(ApiVersions, {
  errorCode: 0,
  apiKeys: [Produce, Metadata, ApiVersions, InitProducerId].map(({ key, versions }) => ({
    apiKey: key,
    minVersion: versions[0],
    maxVersion: versions[1],
  })),
})
answerTo(InitProducerId, { errorCode: 0, producerId: 7n, producerEpoch: 0 })
answerTo(Metadata, {
  brokers: [{ nodeId: 1, host: 'nowhere', port: 9092 }],
  controllerId: 1,
  clusterId: 'yes',
  topics: [{ errorCode: 0, name: 'bench', topicId: TOPIC_ID, partitions: partitions(led) }],
})
answerTo(Produce, {
  responses: [{ name: 'bench', topicId: TOPIC_ID, partitionResponses: partitions(stored) }],
})

function partitions<Answer>(of: (index: number) => Answer): Answer[] {
  return Array.from({ length: PARTITIONS }, (_, index) => of(index))
}

function led(partitionIndex: number) {
  const nodes = { replicaNodes: [1], isrNodes: [1], offlineReplicas: [] }
  return { errorCode: 0, partitionIndex, leaderId: 1, leaderEpoch: 1, ...nodes }
}

function stored(index: number) {
  return { index, errorCode: 0, baseOffset: 0 }
}

/** A connection to a broker that always agrees. */
async function dialYes(_: Address): Promise<Transport> {
  let events: TransportEvents | undefined
  return {
    peer: 'yes',
    listen(to) {
      events = to
    },
    write([head]) {
      const known = answers.get(head!.readInt16BE(4))!
      const [version, correlationId] = [head!.readInt16BE(6), head!.readInt32BE(8)]
      const answer = encodeResponse(known.api, version, correlationId, known.answer)
      setImmediate(() => events?.data(Buffer.concat(answer)))
      return true
    },
    pause() {},
    resume() {},
    hold() {},
    close() {},
    destroy() {},
  }
}

const texts = recordLines(200).map(line => line.split('\t') as [string, string])
type Pool = readonly (readonly [string | Buffer, string | Buffer])[]
const bytes = texts.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const)

const recordOf = (pool: Pool, i: number) => {
  const [key, value] = pool[i % pool.length]!
  return { topic: 'bench', key, value }
}

async function produce(producer: Producer, pool: Pool, callback?: () => void): Promise<void> {
  for (let i = 0; i < RECORDS; i++) {
    if (!producer.produce(recordOf(pool, i), callback)) await producer.drain()
  }
  await producer.flush()
}

async function send(producer: Producer): Promise<void> {
  for (let from = 0; from < RECORDS; from += OUTSTANDING) {
    const sent: Promise<unknown>[] = []
    for (let i = from; i < from + OUTSTANDING; i++) sent.push(producer.send(recordOf(bytes, i)))
    await Promise.all(sent)
  }
}

async function sendBatch(producer: Producer): Promise<void> {
  for (let from = 0; from < RECORDS; from += OUTSTANDING) {
    const calls: Promise<unknown>[] = []
    for (let start = from; start < from + OUTSTANDING; start += 100) {
      const records = Array.from({ length: 100 }, (_, i) => recordOf(bytes, start + i))
      calls.push(producer.sendBatch(records))
    }
    await Promise.all(calls)
  }
}

async function report(name: string, work: (producer: Producer) => Promise<void>, codec = 'none') {
  const options = { 'bootstrap.servers': 'yes:9092', 'linger.ms': 10, 'compression.type': codec }
  const producer = new Producer(options as { 'bootstrap.servers': string }, {}, { dial: dialYes })
  let best = Number.POSITIVE_INFINITY
  let first = 0
  for (let round = 0; round < rounds; round++) {
    const start = process.cpuUsage()
    await work(producer)
    const { user, system } = process.cpuUsage(start)
    const cost = ((user + system) * 1000) / RECORDS
    if (round === 0) first = cost
    best = Math.min(best, cost)
  }
  await producer.close()
  console.log(`${name.padEnd(36)} ${best.toFixed(0).padStart(6)} ns, first ${first.toFixed(0)}`)
}

const parts: Record<string, () => Promise<void>> = {
  produce: () => report('produce, bytes', producer => produce(producer, bytes)),
  text: () => report('produce, text', producer => produce(producer, texts)),
  callback: () => report('produce, a callback each', p => produce(p, bytes, () => {})),
  send: () => report('send, 10,000 at a time', send),
  batch: () => report('sendBatch of 100', sendBatch),
  lz4: () => report('produce, bytes, lz4', producer => produce(producer, bytes), 'lz4'),
}
const wanted = process.argv.slice(3)
for (const [name, part] of Object.entries(parts)) {
  if (wanted.length === 0 || wanted.includes(name)) await part()
}
