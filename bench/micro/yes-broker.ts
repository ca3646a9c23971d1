import type { Address, Transport, TransportEvents } from '../../src/net/transport.ts'
import { encodeResponse } from '../../src/protocol/frame.ts'
import {
  type Api,
  ApiVersions,
  InitProducerId,
  Metadata,
  Produce,
  type ResponseInput,
} from '../../src/protocol/index.ts'

const PARTITIONS = 6
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'

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

/** A connection to a broker that says yes to everything, and looks at nothing. */
export async function dialYes(_: Address): Promise<Transport> {
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
