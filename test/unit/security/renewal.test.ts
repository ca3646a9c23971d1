import { describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { Link } from '../../../src/cluster/link.ts'
import { Publisher } from '../../../src/events.ts'
import { Connection } from '../../../src/net/connection.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import { authenticate } from '../../../src/net/sasl/authenticate.ts'
import type { SaslMechanism } from '../../../src/net/sasl/mechanism.ts'
import type { Transport } from '../../../src/net/transport.ts'
import { decodeRequestHeader, encodeResponse, FrameSplitter } from '../../../src/protocol/frame.ts'
import {
  type Api,
  ApiVersions,
  Metadata,
  type ResponseInput,
  SaslAuthenticate,
  SaslHandshake,
} from '../../../src/protocol/index.ts'
import { Reader } from '../../../src/wire/reader.ts'

const address = { host: 'peer', port: 9092 }
const apis = [ApiVersions, SaslHandshake, SaslAuthenticate, Metadata]
const apiKeys = apis.map(({ key, versions }) => {
  return { apiKey: key, minVersion: versions[0], maxVersion: versions[1] }
})
const SESSION_MS = 10_000

/** A broker with sessions of ten seconds, which writes down what each connection asks for. */
class Broker {
  readonly heard: string[][] = []
  readonly network: MemoryNetwork
  readonly #clock: FakeClock
  /** Whether it takes an authentication over that connection, the n-th one there. */
  accepts: (connection: number, nth: number) => boolean = () => true
  /** How long an answer to Metadata takes. */
  metadataMs = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.network = new MemoryNetwork(clock)
  }

  async listen(): Promise<void> {
    await this.network.listen(address, transport => {
      const splitter = new FrameSplitter(1_000_000)
      const index = this.heard.push([]) - 1
      transport.listen({
        data: chunk => {
          for (const frame of splitter.push(chunk)) this.#answer(index, frame, transport)
        },
        drain() {},
        closed() {},
      })
    })
  }

  #answer(index: number, frame: Buffer, transport: Transport): void {
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
    const api: Api = apis.find(({ key }) => key === apiKey)!
    this.heard[index]!.push(api.name)
    const nth = this.heard[index]!.filter(name => name === 'SaslAuthenticate').length
    const ok = api !== SaslAuthenticate || this.accepts(index, nth)
    const write = (body: ResponseInput<Api>) =>
      transport.write(encodeResponse(api, apiVersion, correlationId, body))
    const wait = api === Metadata ? this.metadataMs : 0
    this.#clock.after(wait, () => {
      write(ok ? bodies[api.name]! : refusal)
      if (!ok) transport.close()
    })
  }
}

const bodies: Readonly<Record<string, ResponseInput<Api>>> = {
  ApiVersions: { errorCode: 0, apiKeys },
  SaslHandshake: { errorCode: 0, mechanisms: ['TEST'] },
  SaslAuthenticate: {
    errorCode: 0,
    errorMessage: null,
    authBytes: Buffer.alloc(0),
    sessionLifetimeMs: SESSION_MS,
  },
  Metadata: { brokers: [], clusterId: 'c', controllerId: 1, topics: [] },
}
const refusal = {
  errorCode: 58,
  errorMessage: 'Cannot change principals during re-authentication',
  authBytes: Buffer.alloc(0),
}

const mechanism: SaslMechanism = {
  name: 'TEST',
  authenticate: async ({ send }) => void (await send(Buffer.from('it is me'))),
}

async function setUp(by: SaslMechanism = mechanism) {
  const clock = new FakeClock()
  const broker = new Broker(clock)
  await broker.listen()
  const open = () =>
    Connection.open({
      address,
      clientId: 'test',
      clock,
      dial: broker.network.dial,
      publisher: new Publisher({ instance: 0, clientId: 'test' }, () => 0),
      requestTimeoutMs: 30_000,
      setupTimeoutMs: 1_000,
      maxResponseBytes: 100_000,
      authenticate: connection =>
        authenticate(connection, address, { mechanism: by, clock, mayHeal: () => true }),
    })
  const backoff = { initialMs: 100, maxMs: 100 }
  const link = new Link({ clock, random: () => 0, backoff, open, changed() {} })
  const first = settled(link.connect())
  await clock.advance(100)
  return { clock, broker, link, connection: (await first) as Connection }
}

const settled = (promise: Promise<unknown>) => promise.catch(error => error)
const ask = (connection: Connection) => settled(connection.send(Metadata, { topics: [] }))
const opening = ['ApiVersions', 'SaslHandshake', 'SaslAuthenticate']
const again = ['SaslHandshake', 'SaslAuthenticate']

describe('a session', () => {
  test('is renewed over its connection before it ends, for as long as it is needed', async () => {
    const { clock, broker, link, connection } = await setUp()
    expect(connection.sessionLifetimeMs).toBe(SESSION_MS)
    await clock.advance(8_000)
    expect(broker.heard).toEqual([opening])
    await clock.advance(1_000)
    expect(broker.heard).toEqual([[...opening, ...again]])
    await clock.advance(9_000)
    expect(broker.heard).toEqual([[...opening, ...again, ...again]])
    expect(link.connection).toBe(connection)
  })

  test('is not renewed before what is in flight is answered, nor overtaken by what comes', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.metadataMs = 2_000
    await clock.advance(7_500)
    const before = ask(connection)
    await clock.advance(1_200)
    expect(link.connection).toBeUndefined()
    const held = [ask(connection), ask(connection)]
    const waiting = link.connect()
    expect(connection.inFlight).toBe(3)
    expect(broker.heard).toEqual([[...opening, 'Metadata']])
    await clock.advance(5_000)
    expect(broker.heard).toEqual([[...opening, 'Metadata', ...again, 'Metadata', 'Metadata']])
    for (const answer of [await before, ...(await Promise.all(held))]) {
      expect(answer).toMatchObject({ clusterId: 'c' })
    }
    expect(await waiting).toBe(connection)
  })

  test('that can not be renewed goes on over a new connection', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.accepts = (index, nth) => index > 0 || nth < 2
    broker.metadataMs = 1_000
    await clock.advance(8_000)
    const before = ask(connection)
    await clock.advance(700)
    const held = ask(connection)
    await clock.advance(3_000)
    expect(broker.heard).toEqual([
      [...opening, 'Metadata', ...again],
      [...opening, 'Metadata'],
    ])
    expect(await before).toMatchObject({ clusterId: 'c' })
    expect(await held).toMatchObject({ clusterId: 'c' })
    expect(link.connection?.isOpen).toBe(true)
    expect(link.connection).not.toBe(connection)
    expect(connection.isOpen).toBe(false)
    // Whoever still holds the old one reaches the new one.
    const late = ask(connection)
    await clock.advance(2_000)
    expect(await late).toMatchObject({ clusterId: 'c' })
  })

  test('that nobody renews fails what was held back, and the next try is free', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.metadataMs = 1_000
    broker.accepts = () => false
    await clock.advance(8_000)
    const before = ask(connection)
    await clock.advance(700)
    const held = ask(connection)
    await clock.advance(2_000)
    expect(await before).toMatchObject({ clusterId: 'c' })
    const code = 'SASL_AUTHENTICATION_FAILED'
    expect(await held).toMatchObject({ name: 'AuthenticationError', code, retriable: true })
    expect(link.problem).toMatchObject({ code })
    broker.accepts = () => true
    await clock.advance(1_000)
    const next = link.connect()
    await clock.advance(100)
    expect((await next).isOpen).toBe(true)
  })

  test('ends with its link, in the middle of a renewal too', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.metadataMs = 5_000
    await clock.advance(8_000)
    const before = ask(connection)
    await clock.advance(1_000)
    const held = ask(connection)
    link.close()
    await clock.advance(10_000)
    expect(await before).toMatchObject({ code: 'CLOSED' })
    expect(await held).toMatchObject({ code: 'CLOSED' })
    expect(broker.heard).toEqual([[...opening, 'Metadata']])
    expect(clock.pending).toBe(0)
  })
})

describe('a connection that is replaced', () => {
  test('answers what it has, while the rest goes over the new one', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.metadataMs = 500
    const before = ask(connection)
    const replaced = link.replace()
    await clock.advance(200)
    const held = ask(connection)
    await clock.advance(2_000)
    await replaced
    expect(await before).toMatchObject({ clusterId: 'c' })
    expect(await held).toMatchObject({ clusterId: 'c' })
    expect(broker.heard).toEqual([
      [...opening, 'Metadata'],
      [...opening, 'Metadata'],
    ])
    expect(connection.isOpen).toBe(false)
    expect(link.connection?.isOpen).toBe(true)
  })

  test('stays where no new one is to be had', async () => {
    const { clock, broker, link, connection } = await setUp()
    broker.accepts = () => false
    const replaced = settled(link.replace())
    await clock.advance(1_000)
    expect(await replaced).toMatchObject({ code: 'SASL_AUTHENTICATION_FAILED' })
    expect(link.connection).toBe(connection)
    expect(connection.isOpen).toBe(true)
  })
})

test('a mechanism that hangs when a session is renewed does not hold up others for ever', async () => {
  let runs = 0
  const { clock, link, connection } = await setUp({
    name: 'TEST',
    authenticate: async exchange => {
      if (++runs === 2) await new Promise(() => {})
      await mechanism.authenticate(exchange)
    },
  })
  await clock.advance(8_600)
  const held = ask(connection)
  await clock.advance(3_000)
  expect(await held).toMatchObject({ clusterId: 'c' })
  expect(link.connection).not.toBe(connection)
})
