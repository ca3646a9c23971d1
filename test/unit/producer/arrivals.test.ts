import { expect, test } from 'vitest'
import {
  Producer,
  type ProducerOptions,
  type Serializer,
  silentLogger,
} from '../../../src/index.ts'
import { virtualCluster } from '../../support/virtual-cluster.ts'

const KIB = 1024
const value = Buffer.alloc(10 * KIB)
/** Room for a few of the records. */
const SMALL = { 'buffer.memory': 64 * KIB, 'batch.size': 16 * KIB, 'max.request.size': 32 * KIB }
const RECORDS = 30

/** A producer over a cluster on virtual time. */
async function setUp(
  world: Awaited<ReturnType<typeof virtualCluster>>,
  options: Partial<ProducerOptions>,
  serializers: { readonly value?: Serializer<Buffer> } = {},
) {
  const { cluster, environment, passing } = world
  await passing(cluster.createTopic('t'))
  const producer = new Producer(
    { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger, ...options },
    serializers,
    environment,
  )
  const codeOf = (error: { code: string }) => error.code
  /** Sends that nobody awaits for now; their outcomes in the end. */
  const send = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        producer.send({ topic: 't', partition: 0, value }).then(() => 'delivered', codeOf),
      ),
    )
  const end = async () => {
    await passing(producer.close())
    await passing(cluster.stop())
  }
  const stored = async () => (await cluster.records('t')).length
  return { ...world, producer, send, stored, end }
}

test.each(['space', 'serializer'] as const)(
  'a send that waits for %s belongs to its transaction: committed with it',
  async what => {
    const { producer, passing, send, stored, end } = await waiting(what)
    await passing(producer.initTransactions())
    producer.beginTransaction()
    const outcomes = send(RECORDS)
    await passing(producer.commitTransaction())
    expect(await stored()).toBe(RECORDS)
    expect(new Set(await passing(outcomes))).toEqual(new Set(['delivered']))
    await end()
  },
)

test.each(['space', 'serializer'] as const)(
  'a send that waits for %s belongs to its transaction: aborted with it',
  async what => {
    const { producer, passing, send, stored, end } = await waiting(what)
    await passing(producer.initTransactions())
    producer.beginTransaction()
    const outcomes = send(RECORDS)
    await passing(producer.abortTransaction())
    expect(await passing(outcomes)).toContain('TRANSACTION_ABORTED')
    producer.beginTransaction()
    await passing(send(1))
    await passing(producer.commitTransaction())
    expect(await stored()).toBe(1)
    await end()
  },
)

test.each(['space', 'serializer'] as const)(
  'flush and close wait for a send that waits for %s',
  async what => {
    const { producer, passing, send, stored, end } = await waiting(what, false)
    const first = send(RECORDS)
    expect(await passing(producer.flush())).toBe(0)
    expect(await stored()).toBe(RECORDS)
    const second = send(RECORDS)
    await passing(producer.close())
    expect(await stored()).toBe(2 * RECORDS)
    const outcomes = [...(await passing(first)), ...(await passing(second))]
    expect(new Set(outcomes)).toEqual(new Set(['delivered']))
    await end()
  },
)

test.each(['space', 'serializer'] as const)(
  'a send that still waits for %s when the producer is closed fails, and holds nothing up',
  async what => {
    const { clock, cluster, producer, passing, send, end } = await waiting(what, false)
    await passing(producer.send({ topic: 't', partition: 0, value: Buffer.alloc(1) }))
    cluster.drop('Produce', { while: () => true })
    const outcomes = send(RECORDS)
    const flushed = producer.flush(10)
    expect(await passing(flushed)).toBe(RECORDS)
    await passing(producer.close({ timeout: 20 }))
    await clock.advance(100)
    expect(new Set(await passing(outcomes))).toEqual(new Set(['CLOSED']))
    await end()
  },
)

async function waiting(what: 'space' | 'serializer', transactional = true) {
  const options = transactional ? { 'transactional.id': 'txn' } : {}
  const world = await virtualCluster()
  const { clock } = world
  const slow: Serializer<Buffer> = {
    serialize: bytes => new Promise(resolve => clock.after(50, () => resolve(bytes))),
  }
  return what === 'space'
    ? setUp(world, { ...options, ...SMALL })
    : setUp(world, options, { value: slow })
}
