import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { Publisher } from '../../../src/events.ts'
import { Connection, type ConnectionOptions } from '../../../src/net/connection.ts'
import { MemoryNetwork } from '../../../src/net/memory.ts'
import { dialTcp, listenTcp } from '../../../src/net/tcp.ts'
import type { Listener, Transport } from '../../../src/net/transport.ts'
import { decodeRequestHeader, encodeResponse, FrameSplitter } from '../../../src/protocol/frame.ts'
import { ApiVersions, Metadata } from '../../../src/protocol/index.ts'
import { Reader } from '../../../src/wire/reader.ts'
import { freePorts } from '../../support/ports.ts'

type Answer = (frame: Buffer, transport: Transport) => void

const address = { host: 'peer', port: 9092 }

/** A peer that does with each frame what the test says, on a clock that the test moves. */
async function setUp(answer: Answer, greet: (transport: Transport) => void = () => {}) {
  const clock = new FakeClock()
  const network = new MemoryNetwork(clock)
  await network.listen(address, transport => {
    const splitter = new FrameSplitter(1_000_000)
    transport.listen({
      data: chunk => {
        for (const frame of splitter.push(chunk)) answer(frame, transport)
      },
      drain() {},
      closed() {},
    })
    greet(transport)
  })
  return { clock, network, options: optionsFor(clock, network.dial) }
}

function optionsFor(
  clock: ConnectionOptions['clock'],
  dial: ConnectionOptions['dial'],
): ConnectionOptions {
  return {
    address,
    clientId: 'test',
    clock,
    dial,
    publisher: new Publisher({ instance: 0, clientId: 'test' }, () => 0),
    requestTimeoutMs: 1_000,
    setupTimeoutMs: 500,
    maxResponseBytes: 100_000,
  }
}

const apiKeys = [
  { apiKey: ApiVersions.key, minVersion: 0, maxVersion: 4 },
  { apiKey: Metadata.key, minVersion: 0, maxVersion: 9 },
]

/** Answers the negotiation as a broker does, and everything else by `answer`. */
function broker(answer: Answer = () => {}): Answer {
  return (frame, transport) => {
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
    if (apiKey !== ApiVersions.key) return answer(frame, transport)
    transport.write(
      encodeResponse(ApiVersions, apiVersion, correlationId, { errorCode: 0, apiKeys }),
    )
  }
}

async function opened(
  setup: Awaited<ReturnType<typeof setUp>>,
  more: Partial<ConnectionOptions> = {},
) {
  const opening = Connection.open({ ...setup.options, ...more })
  await setup.clock.advance(10)
  return opening
}

/** The failure of opening, after enough time for any. */
async function failure(setup: Awaited<ReturnType<typeof setUp>>) {
  const opening = Connection.open(setup.options).then(
    () => undefined,
    error => error,
  )
  await setup.clock.advance(2_000)
  return opening
}

describe('opening a connection', () => {
  test('speaks the highest version that both know', async () => {
    const connection = await opened(await setUp(broker()))
    expect(connection.versionOf(Metadata)).toBe(9)
    expect(connection.versionOf(Metadata, 5)).toBe(5)
  })

  test('asks again in an older version where ours is not known (KIP-511)', async () => {
    const versions: number[] = []
    const setup = await setUp((frame, transport) => {
      const { apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
      versions.push(apiVersion)
      const refusal = { errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 2 }] }
      const welcome = { errorCode: 0, apiKeys }
      const known = apiVersion <= 2
      transport.write(
        encodeResponse(
          ApiVersions,
          known ? apiVersion : 0,
          correlationId,
          known ? welcome : refusal,
        ),
      )
    })
    expect((await opened(setup)).isOpen).toBe(true)
    expect(versions).toEqual([4, 2])
  })

  test.each<[string, Answer, string, string]>([
    ['closes at once', (_, t) => t.destroy(), 'CONNECTION_CLOSED', 'is it a TLS listener'],
    ['is silent', () => {}, 'CONNECT_TIMED_OUT', 'no connection within 500 ms'],
    [
      'speaks TLS',
      (_, t) => t.write([Buffer.from([0x15, 3, 3, 0, 2, 2, 70])]),
      'NOT_KAFKA',
      'it speaks TLS: set security.protocol',
    ],
    [
      'speaks HTTP',
      (_, t) => t.write([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]),
      'NOT_KAFKA',
      'it speaks HTTP, not Kafka',
    ],
    [
      'sends a length that can not be',
      (_, t) => t.write([Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4])]),
      'BAD_ANSWER',
      '2147483647',
    ],
    [
      'sends a negative length',
      (_, t) => t.write([Buffer.from([0xff, 0xff, 0xff, 0xfe])]),
      'BAD_ANSWER',
      '-2',
    ],
    [
      'answers something else',
      (_, t) => t.write([Buffer.from([0, 0, 0, 8, 0, 0, 0, 99, 0, 0, 0, 0])]),
      'BAD_ANSWER',
      'answer 99 came, 1 expected',
    ],
    [
      'cuts its answer short',
      (_, t) => t.write([Buffer.from([0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 9])]),
      'BAD_ANSWER',
      'ApiVersions',
    ],
  ])('a peer that %s is told apart', async (_, answer, code, words) => {
    const error = await failure(await setUp(answer))
    expect(error).toMatchObject({ code, retriable: true })
    expect(error.message).toContain('peer:9092')
    expect(error.message).toContain(words)
  })

  test('an address where nobody listens is named, with the cause', async () => {
    const setup = await setUp(() => {})
    const options = { ...setup.options, address: { host: 'nobody', port: 1 } }
    const error = await Connection.open(options).catch(refusal => refusal)
    expect(error).toMatchObject({ code: 'ECONNREFUSED', retriable: true })
    expect(error.message).toBe('nobody:1: refused: nothing listens there')
  })
})

describe('requests', () => {
  test('are answered in order, and each answer finds its request', async () => {
    const setup = await setUp(
      broker((frame, transport) => {
        const { apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
        const controllerId = correlationId
        const response = { brokers: [], topics: [], controllerId }
        transport.write(encodeResponse(Metadata, apiVersion, correlationId, response))
      }),
    )
    const connection = await opened(setup)
    const answers = Promise.all([1, 2, 3].map(() => connection.send(Metadata, { topics: [] })))
    expect(connection.inFlight).toBe(3)
    await setup.clock.advance(10)
    expect((await answers).map(({ controllerId }) => controllerId)).toEqual([2, 3, 4])
    expect(connection.inFlight).toBe(0)
  })

  test('a long answer is read while shorter ones behind it are handed on', async () => {
    const topics = Array.from({ length: 10_000 }, (_, i) => ({
      errorCode: 0,
      name: `a-topic-with-a-rather-long-name-${i}`,
      partitions: [],
    }))
    const setup = await setUp(
      broker((frame, transport) => {
        const { apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
        const response = { brokers: [], controllerId: 1, topics: correlationId === 2 ? topics : [] }
        transport.write(encodeResponse(Metadata, apiVersion, correlationId, response))
      }),
    )
    const connection = await opened(setup, { maxResponseBytes: 1_000_000 })
    const order: number[] = []
    const answers = [1, 2].map(async () => {
      const { topics } = await connection.send(Metadata, { topics: [] })
      order.push(topics.length)
    })
    await setup.clock.advance(10)
    await Promise.all(answers)
    expect(order).toEqual([0, 10_000])
    expect(connection.inFlight).toBe(0)
  })

  test('a long answer that makes no sense ends the connection, and says of what it was', async () => {
    const setup = await setUp(
      broker((frame, transport) => {
        const { correlationId } = decodeRequestHeader(new Reader(frame))
        const nonsense = Buffer.alloc(300_000, 0xff)
        nonsense.writeInt32BE(nonsense.length - 4)
        nonsense.writeInt32BE(correlationId, 4)
        transport.write([nonsense])
      }),
    )
    const connection = await opened(setup, { maxResponseBytes: 1_000_000 })
    const failure = connection.send(Metadata, { topics: [] }).catch(error => error)
    await setup.clock.advance(10)
    const at = { api: 'Metadata', correlationId: 2 }
    expect(await failure).toMatchObject({ name: 'ProtocolError', code: 'BAD_ANSWER', at })
    expect(connection.isOpen).toBe(false)
  })

  test('one without an answer ends the connection, and all that wait with it', async () => {
    const setup = await setUp(broker())
    const connection = await opened(setup)
    const waiting = [1, 2].map(() =>
      connection.send(Metadata, { topics: [] }).catch(error => error),
    )
    await setup.clock.advance(1_100)
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({ name: 'TimeoutError', code: 'REQUEST_TIMED_OUT' })
      expect(error.message).toContain('gave no answer to Metadata within 1000 ms')
    }
    expect(connection.isOpen).toBe(false)
    await expect(connection.send(Metadata, { topics: [] })).rejects.toThrow('closed the connection')
  })

  test('a value that the protocol can not carry fails at the call and harms nothing', async () => {
    const setup = await setUp(broker())
    const connection = await opened(setup)
    const wrong = connection.send(Metadata, { topics: [{ name: 5 as never }] })
    await expect(wrong).rejects.toThrow(/topics\[0\]\.name: expected/)
    expect(connection.isOpen).toBe(true)
    expect(connection.inFlight).toBe(0)
  })

  test('an API that the broker does not speak is refused with both ranges', async () => {
    const setup = await setUp(broker())
    const connection = await opened(setup)
    const wrong = connection.send(Metadata, { topics: [] }, { maxVersion: -1 })
    await expect(wrong).rejects.toThrow('UNSUPPORTED_VERSION')
  })
})

describe('TCP', () => {
  const listeners: Listener[] = []
  /** Nothing here is about these limits, which a machine that stops for a while would overrun. */
  const patient = {
    ...optionsFor(systemClock, dialTcp),
    requestTimeoutMs: 30_000,
    setupTimeoutMs: 30_000,
  }
  afterEach(async () => {
    for (const listener of listeners.splice(0)) await listener.close()
  })

  test('an answer that is here counts, though this process was too busy to read it', async () => {
    // Deadlines of the client's own, which only the peer lets pass: however long this machine
    // stops elsewhere, it is in time.
    const clock = new FakeClock()
    const timed = {
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      after: (ms: number, task: () => void) => clock.after(ms, task),
      soon: systemClock.soon,
    }
    const answer = broker((frame, transport) => {
      const { apiVersion, correlationId } = decodeRequestHeader(new Reader(frame))
      const message = { brokers: [], topics: [], clusterId: 'in time' }
      transport.write(encodeResponse(Metadata, apiVersion, correlationId, message))
      // It is with the system; nothing else happens until the time for it is over.
      const until = systemClock.now() + 50
      while (systemClock.now() < until);
      void clock.advance(1_500)
    })
    const splitter = new FrameSplitter(1_000_000)
    const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, transport =>
      transport.listen({
        data: chunk => {
          for (const frame of splitter.push(chunk)) answer(frame, transport)
        },
        drain() {},
        closed() {},
      }),
    )
    listeners.push(listener)
    const options = { ...optionsFor(timed, dialTcp), address: listener.address }
    const connection = await Connection.open(options)
    const { clusterId } = await connection.send(Metadata, { topics: [] })
    expect(clusterId).toBe('in time')
    connection.close()
  })

  test('a port where nothing listens', async () => {
    // Not one of the system's choice that was closed: it might go to another meanwhile.
    const [port = 0] = await freePorts(1)
    const options = { ...patient, address: { host: '127.0.0.1', port } }
    const error = await Connection.open(options).catch(refusal => refusal)
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    expect(error.message).toContain(`127.0.0.1:${port}: refused`)
  })

  test('a name that does not resolve', async () => {
    const options = { ...patient, address: { host: 'x.invalid', port: 1 } }
    const error = await Connection.open(options).catch(e => e)
    expect(error.message).toMatch(/^x\.invalid:1: the name does not resolve/)
  })

  test('requests and answers of many sizes arrive whole', async () => {
    const sizes = [0, 1, 1_000, 30_000]
    const peers: Transport[] = []
    listeners.push(
      await listenTcp({ host: '127.0.0.1', port: 0 }, transport => {
        peers.push(transport)
        const splitter = new FrameSplitter(1_000_000)
        transport.listen({
          data: chunk => {
            for (const frame of splitter.push(chunk)) {
              broker((request, to) => {
                const { apiVersion, correlationId } = decodeRequestHeader(new Reader(request))
                const clusterId = 'x'.repeat(sizes[correlationId - 2]!)
                const response = { brokers: [], topics: [], clusterId }
                to.write(encodeResponse(Metadata, apiVersion, correlationId, response))
              })(frame, transport)
            }
          },
          drain() {},
          closed() {},
        })
      }),
    )
    const options = { ...patient, address: listeners[0]!.address }
    const connection = await Connection.open(options)
    const answers = await Promise.all(sizes.map(() => connection.send(Metadata, { topics: [] })))
    expect(answers.map(({ clusterId }) => clusterId?.length)).toEqual(sizes)
    connection.close()
    for (const peer of peers) peer.destroy()
  })
})
