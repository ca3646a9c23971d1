import { FakeClock, settle } from '../../../src/base/fake-clock.ts'
import { type Random, randomBelow } from '../../../src/base/random.ts'
import { handlers } from '../../../src/broker/handlers/index.ts'
import { EmbeddedCluster } from '../../../src/broker/index.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import { arbitrary, trace } from '../../../src/protocol/index.ts'
import { BatchWriter, sealBatch } from '../../../src/records/index.ts'
import { Writer } from '../../../src/wire/writer.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'

/** Names that mean something to the cluster, so that requests get further than to find nothing. */
const NAMES = ['orders', 'wide', 'group', 'tx', 'consumer', 'range', '__consumer_offsets', '1', '']
const MOST_REQUEST_BYTES = 1_000_000
/** So many requests meet the same cluster. */
const SPAN = 200

function recordsOf(random: Random): Buffer {
  const writer = new BatchWriter(Buffer.alloc(300))
  writer.append(1_700_000_000_000, 'key', `value ${randomBelow(random, 9)}`)
  const batch = writer.bytes()
  const { count, baseTimestamp, maxTimestamp } = writer
  sealBatch(batch, { count, baseTimestamp, maxTimestamp })
  return batch
}

/** The message with names and records in it that the cluster can do something with. */
function familiar(value: unknown, random: Random, name = ''): unknown {
  if (typeof value === 'string') {
    return random() < 0.7 && value.length !== 22 ? NAMES[randomBelow(random, NAMES.length)]! : value
  }
  if (typeof value === 'number' && random() < 0.5) return value < 0 ? -1 : Math.min(value, 2)
  if (Buffer.isBuffer(value)) return name === 'records' ? recordsOf(random) : value
  if (Array.isArray(value)) return value.slice(0, 8).map(item => familiar(item, random))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  return Object.fromEntries(entries.map(([key, item]) => [key, familiar(item, random, key)]))
}

function specimen(which: number, version: number, random: Random): Specimen {
  const { api } = handlers[which]!
  const message = arbitrary(api.request, version, randomBelow(random, 1000))
  const known = Object.entries(message).map(([key, item]) => [key, familiar(item, random, key)])
  const writer = new Writer()
  try {
    api.request.at(version).write(writer, Object.fromEntries(known))
  } catch {
    // A number that was made small where the type wants a bigint, or the like: as it was, then.
    return written(which, version, message)
  }
  const bytes = Buffer.from(writer.toBuffer())
  return { bytes, marks: trace(api.request, version, bytes).rows.map(({ offset }) => offset) }
}

function written(which: number, version: number, message: object): Specimen {
  const writer = new Writer()
  handlers[which]!.api.request.at(version).write(writer, { ...message })
  return { bytes: Buffer.from(writer.toBuffer()), marks: [] }
}

let running: { cluster: EmbeddedCluster; clock: FakeClock; network: MemoryNetwork } | undefined
let failure: unknown

/** Requests of all APIs to a cluster that lives: each is answered or its connection closed. */
export const brokerTarget: Target = {
  name: 'broker',
  weight: 1.5,
  span: SPAN,
  mayAllocate: () => 32 * MOST_REQUEST_BYTES,
  async begin() {
    failure = undefined
    const clock = new FakeClock()
    const network = new MemoryNetwork(clock)
    const cluster = await EmbeddedCluster.start({
      brokers: 2,
      clock,
      listen: network.listen,
      maxRequestBytes: MOST_REQUEST_BYTES,
      authorizer: { superUsers: ['User:ANONYMOUS'] },
      logger: {
        log: (_, event, facts) => {
          if (event === 'broker:request-failed') failure = facts?.error
        },
      },
    })
    await cluster.createTopic('orders')
    await cluster.createTopic('wide', { partitions: 12, replicationFactor: 2 })
    running = { cluster, clock, network }
  },
  async end() {
    const cluster = running?.cluster
    running = undefined
    await cluster?.stop()
  },
  input(random) {
    const which = randomBelow(random, handlers.length)
    const [min, max] = handlers[which]!.versions
    const version = min + randomBelow(random, max - min + 1)
    const some = () => specimen(which, version, random)
    const body = random() < 0.3 ? some().bytes : mutated(some(), random, some)
    return Buffer.concat([Buffer.from([which, version]), body])
  },
  async feed(input) {
    const { clock, network, cluster } = running!
    const { api } = handlers[input[0]!]!
    const version = input[1]!
    const dialled = network.dial(cluster.brokers[0]!.address, new AbortController().signal)
    await clock.advance(0)
    const transport = await dialled
    transport.listen({ data() {}, drain() {}, closed() {} })
    transport.write([frameOf(api.key, version, isFlexible(api, version), input.subarray(2))])
    await clock.advance(1)
    await settle()
    transport.destroy()
    await clock.advance(1)
    if (cluster.counters.failedRequests === 0) return
    throw failure ?? new Error('a request failed')
  },
}

function isFlexible(api: { readonly flexible: number | undefined }, version: number): boolean {
  return api.flexible !== undefined && version >= api.flexible
}

function frameOf(key: number, version: number, hasTags: boolean, body: Buffer): Buffer {
  const head = Buffer.alloc(hasTags ? 15 : 14)
  head.writeInt32BE(head.length - 4 + body.length, 0)
  head.writeInt16BE(key, 4)
  head.writeInt16BE(version, 6)
  head.writeInt16BE(-1, 12)
  return Buffer.concat([head, body])
}
