/**
 * What messages cost to encode and decode, in CPU time: `npx tsx bench/micro/codec.ts`. A Produce
 * request's records go by reference, so this is the cost of a request, not of its records.
 */
import { decodeRequestHeader, encodeRequest, encodeResponse } from '../../src/protocol/frame.ts'
import { Produce } from '../../src/protocol/index.ts'
import { Reader } from '../../src/wire/reader.ts'

const ROUNDS = 7
const VERSION = 12

/** The best of several rounds, in microseconds a call. */
function best(calls: number, work: () => void): number {
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) work()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / calls)
  }
  return least
}

const batch = Buffer.alloc(16_384)

for (const partitions of [1, 6, 100]) {
  const indexes = Array.from({ length: partitions }, (_, index) => index)
  const request = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topicData: [{ name: 't', partitionData: indexes.map(index => ({ index, records: [batch] })) }],
  }
  const response = {
    responses: [
      {
        name: 't',
        partitionResponses: indexes.map(index => ({ index, errorCode: 0, baseOffset: 7 })),
      },
    ],
  }
  const calls = Math.ceil(200_000 / partitions)
  const frame = Buffer.concat(encodeRequest(Produce, VERSION, 1, 'bench', request)).subarray(4)
  const answer = Buffer.concat(encodeResponse(Produce, VERSION, 1, response)).subarray(9)
  const figures = {
    partitions,
    encodeRequest: best(calls, () => encodeRequest(Produce, VERSION, 1, 'bench', request)),
    decodeRequest: best(calls, () => {
      const reader = new Reader(frame)
      decodeRequestHeader(reader)
      Produce.request.at(VERSION).read(reader)
    }),
    encodeResponse: best(calls, () => encodeResponse(Produce, VERSION, 1, response)),
    decodeResponse: best(calls, () => Produce.response.at(VERSION).read(new Reader(answer))),
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
