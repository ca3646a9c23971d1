import { encodeRequest, encodeResponse, readResponse } from '../../src/protocol/frame.ts'
import { type Api, Fetch, Metadata, Produce, type ResponseInput } from '../../src/protocol/index.ts'
import { compileStruct } from '../../src/protocol/schema/compile.ts'
import { Reader } from '../../src/wire/reader.ts'
import { Writer } from '../../src/wire/writer.ts'
import { type Subject, use } from './subject.ts'

const TIMES = 1_000
const batch = Buffer.alloc(16_384)
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index)
const latest = (api: Api) => api.versions[1]

const request = {
  transactionalId: null,
  acks: -1,
  timeoutMs: 30_000,
  topicData: [
    {
      name: 't',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      partitionData: indexes(6).map(index => ({ index, records: [batch] })),
    },
  ],
}
const produced = {
  responses: [
    {
      name: 't',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      partitionResponses: indexes(6).map(index => ({ index, errorCode: 0, baseOffset: 7 })),
    },
  ],
}
const fetched = {
  errorCode: 0,
  sessionId: 1,
  responses: [
    {
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      partitions: indexes(6).map(partitionIndex => ({
        partitionIndex,
        errorCode: 0,
        highWatermark: 1_000,
        lastStableOffset: 1_000,
        logStartOffset: 0,
        abortedTransactions: null,
        records: batch,
      })),
    },
  ],
}
const described = {
  brokers: [{ nodeId: 1, host: 'broker.example', port: 9092 }],
  clusterId: 'c',
  controllerId: 1,
  topics: indexes(100).map(i => ({
    errorCode: 0,
    name: `a-topic-${i}`,
    topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
    partitions: indexes(6).map(partitionIndex => {
      const nodes = { replicaNodes: [1, 2, 3], isrNodes: [1, 2, 3], offlineReplicas: [] }
      return { errorCode: 0, partitionIndex, leaderId: 1, leaderEpoch: 1, ...nodes }
    }),
  })),
}

function decoding<A extends Api>(api: A, answer: ResponseInput<A>, what: string): Subject {
  const version = latest(api)
  const frame = Buffer.concat(encodeResponse(api, version, 1, answer)).subarray(8)
  return {
    name: `decode, ${what}`,
    count: TIMES,
    unit: 'an answer',
    run() {
      for (let i = 0; i < TIMES; i++) readResponse(api, version, new Reader(frame))
    },
  }
}

const compiling: Subject = {
  name: 'codec, compiled',
  count: 100,
  unit: 'a message',
  run() {
    const dialect = { version: latest(Metadata), flexible: true }
    for (let i = 0; i < 100; i++) use(compileStruct(Metadata.response.shape, dialect).minSize)
  },
}

const encoding: Subject = {
  name: 'encode, Produce of 6 partitions',
  count: TIMES,
  unit: 'a request',
  run() {
    const version = latest(Produce)
    for (let i = 0; i < TIMES; i++) encodeRequest(Produce, version, i, 'bench', request)
  },
}

const numbers = indexes(4_096).map(i => (i * 2_654_435_761) % 2 ** (1 + (i % 28)))
const varintsWritten: Subject = {
  name: 'varints, written',
  count: numbers.length,
  unit: 'a number',
  run() {
    const writer = new Writer()
    for (const number of numbers) writer.uvarint(number)
    use(writer.size)
  },
}
const written = new Writer()
for (const number of numbers) written.uvarint(number)
const varints = Buffer.concat(written.chunks())
const varintsRead: Subject = {
  name: 'varints, read',
  count: numbers.length,
  unit: 'a number',
  run() {
    const reader = new Reader(varints)
    let sum = 0
    for (let i = 0; i < numbers.length; i++) sum += reader.uvarint()
    use(sum)
  },
}

export const protocolSubjects: readonly Subject[] = [
  compiling,
  encoding,
  decoding(Produce, produced, 'Produce of 6 partitions'),
  decoding(Fetch, fetched, 'Fetch of 6 partitions'),
  decoding(Metadata, described, 'Metadata of 100 topics'),
  varintsWritten,
  varintsRead,
]
