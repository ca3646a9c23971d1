import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { seededRandom } from '../../../src/base/random.ts'
import type { DeliveryError } from '../../../src/errors.ts'
import { Producer, silentLogger } from '../../../src/index.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import type { Dial } from '../../../src/net/transport.ts'
import { ScriptedBroker } from '../../support/scripted-broker.ts'

const DELIVERY_TIMEOUT_MS = 5_000
const GRACE_MS = 250

function producerOn(clock: FakeClock, dial: Dial) {
  return new Producer(
    {
      'bootstrap.servers': 'broker:9092,second:9093',
      'delivery.timeout.ms': DELIVERY_TIMEOUT_MS,
      'request.timeout.ms': 2_000,
      logger: silentLogger,
    },
    {},
    { clock, random: seededRandom(1), dial },
  )
}

/** The error of a send, and by when it came. */
async function failureOf(clock: FakeClock, producer: Producer) {
  let at = Number.NaN
  const from = clock.now()
  const failed = producer.send({ topic: 't', value: 'v' }).then(
    () => undefined,
    (error: DeliveryError) => {
      at = clock.now() - from
      return error
    },
  )
  await clock.advance(DELIVERY_TIMEOUT_MS + GRACE_MS)
  return { error: await failed, at }
}

describe('no broker to be had', () => {
  const clock = () => new FakeClock()

  test.each<[string, (clock: FakeClock) => Dial, RegExp]>([
    ['connections refused', on => new MemoryNetwork(on).dial, /broker:9092: refused/],
    ['accepted, and silent for ever', on => silentNetwork(on).dial, /delivery\.timeout\.ms/],
    ['packets lost', () => lostPackets, /delivery\.timeout\.ms/],
    ['a name that does not resolve', () => noSuchName, /the name does not resolve/],
  ])(
    '%s: a send fails by the deadline, and says that nothing was stored',
    async (_, dial, words) => {
      const time = clock()
      const { error, at } = await failureOf(time, producerOn(time, dial(time)))
      expect(error).toMatchObject({ name: 'DeliveryError', persisted: 'no' })
      expect(error?.message).toMatch(words)
      expect(at).toBeGreaterThanOrEqual(DELIVERY_TIMEOUT_MS)
      expect(at).toBeLessThanOrEqual(DELIVERY_TIMEOUT_MS + GRACE_MS)
    },
  )

  test('a broker that goes silent with the record on its way leaves it in doubt', async () => {
    const time = clock()
    const broker = new ScriptedBroker(time, { produce: () => 'silence' })
    await broker.start()
    const producer = producerOn(time, broker.network.dial)
    const { error, at } = await failureOf(time, producer)
    expect(error).toMatchObject({ name: 'DeliveryError', persisted: 'maybe' })
    expect(at).toBeLessThanOrEqual(DELIVERY_TIMEOUT_MS + GRACE_MS)
  })

  test('what is asked meanwhile is little: no storm of dials', async () => {
    const time = clock()
    let dials = 0
    const network = new MemoryNetwork(time)
    const producer = producerOn(time, (address, signal) => {
      dials++
      return network.dial(address, signal)
    })
    await failureOf(time, producer)
    // Two addresses, each at most about once a second when its rest has grown.
    expect(dials).toBeLessThan(40)
  })

  test('a call that needs an answer names every address and what happened there', async () => {
    const time = clock()
    const producer = producerOn(time, new MemoryNetwork(time).dial)
    const failed = producer.partitionsFor('t').catch((error: Error) => error.message)
    await time.advance(40_000)
    expect(await failed).toMatch(/broker:9092: refused.*second:9093: refused|second.*broker/)
  })
})

function silentNetwork(clock: FakeClock): MemoryNetwork {
  const network = new MemoryNetwork(clock)
  for (const address of [
    { host: 'broker', port: 9092 },
    { host: 'second', port: 9093 },
  ]) {
    void network.listen(address, transport =>
      transport.listen({ data() {}, drain() {}, closed() {} }),
    )
  }
  return network
}

const lostPackets: Dial = (_, signal) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
  })

const noSuchName: Dial = ({ host }) =>
  Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }))
