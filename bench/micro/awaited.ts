/**
 * One awaited `send()` at a time, with default settings, beside the bare round trip: the same
 * record in a Produce request that was encoded once, written to a plain socket, and the time until
 * its answer is there. `npm run bench:awaited [RECORDS]`, on the broker of KAFKA_BOOTSTRAP, which
 * must be alone (`npm run kafka`). Both take turns, a block each, so that both meet the same
 * machine.
 */
import { createConnection, type Socket } from 'node:net'
import { Admin, Producer } from '../../src/index.ts'
import { encodeRequest } from '../../src/protocol/frame.ts'
import { Produce } from '../../src/protocol/index.ts'
import { BatchWriter } from '../../src/records/batch-writer.ts'
import { sealBatch } from '../../src/records/seal.ts'

const records = Number(process.argv[2] ?? 1_000)
const BLOCK = 100
const WARM_UP = 2_000
const VERSION = 9
const bootstrap = process.env.KAFKA_BOOTSTRAP ?? 'localhost:9092'
const topic = `awaited-${Date.now()}`
const value = Buffer.alloc(200, 'v')

/** The time of each call in microseconds. */
type Times = number[]

async function timed(calls: number, call: () => Promise<unknown>, times: Times): Promise<void> {
  for (let i = 0; i < calls; i++) {
    const from = performance.now()
    await call()
    times.push((performance.now() - from) * 1_000)
  }
}

/** Writes a request and resolves when an answer of the announced length is there. */
function bareCall(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let held = 0
    let length = Number.POSITIVE_INFINITY
    const data = (chunk: Buffer) => {
      if (held === 0) length = chunk.readInt32BE(0) + 4
      held += chunk.length
      if (held < length) return
      socket.off('data', data).off('error', reject)
      resolve()
    }
    socket.on('data', data).once('error', reject)
    socket.write(request)
  })
}

function bareRequest(): Buffer {
  const writer = new BatchWriter(Buffer.alloc(1_024))
  writer.append(Date.now(), null, value)
  const batch = writer.bytes()
  const { count, baseTimestamp, maxTimestamp } = writer
  sealBatch(batch, { codec: 0, count, baseTimestamp, maxTimestamp, transactional: false })
  const partitionData = [{ index: 0, records: [batch] }]
  const topicData = [{ name: topic, partitionData }]
  const request = { transactionalId: null, acks: -1, timeoutMs: 30_000, topicData }
  return Buffer.concat(encodeRequest(Produce, VERSION, 1, 'bare', request))
}

function figures(times: Times) {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)]!)
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) }
}

const admin = new Admin({ 'bootstrap.servers': bootstrap })
await admin.topics.create([{ name: topic, partitions: 1 }])
const producer = new Producer({ 'bootstrap.servers': bootstrap })
await producer.partitionsFor(topic)
const [host, port] = bootstrap.split(':') as [string, string]
const socket = createConnection({ host, port: Number(port), noDelay: true })
const request = bareRequest()
const bare = () => bareCall(socket, request)
const send = () => producer.send({ topic, value })

await timed(WARM_UP, bare, [])
await timed(WARM_UP, send, [])
const ours: Times = []
const floor: Times = []
while (ours.length < records) {
  await timed(BLOCK, bare, floor)
  await timed(BLOCK, send, ours)
}
const report = { records, bare: figures(floor), send: figures(ours) }
process.stdout.write(`${JSON.stringify(report)}\n`)
process.stdout.write(`p50: ${report.send.p50 - report.bare.p50} µs above the bare round trip\n`)
socket.destroy()
await producer.close()
await admin.topics.delete([topic])
await admin.close()
