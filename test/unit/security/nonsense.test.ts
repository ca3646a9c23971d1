import { type AddressInfo, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { Admin, KafkaError, type ProducerOptions, silentLogger } from '../../../src/index.ts'
import {
  type Api,
  ApiVersions,
  apiByKey,
  apis,
  decodeRequestHeader,
  encodeResponse,
  FrameSplitter,
  SaslAuthenticate,
  SaslHandshake,
} from '../../../src/protocol/index.ts'
import { Reader } from '../../../src/wire/reader.ts'

const SECRET = 'nonsense-secret-61c2'

/** What a server answers in place of what it should; undefined to stay silent. */
type Nonsense = (correlationId: number) => Buffer | undefined

function frame(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return Buffer.concat([size, body])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

const noise = Buffer.from(Array.from({ length: 64 }, (_, i) => Math.imul(i + 7, 0x9e3779b1) >>> 24))

const kinds: Readonly<Record<string, Nonsense>> = {
  'noise for an answer': id => frame(int32(id), noise),
  'an answer without an end': id => frame(int32(id), Buffer.alloc(1)).subarray(0, 8),
  'an answer of nothing': id => frame(int32(id)),
  'an answer to another question': id => frame(int32(id + 99), noise),
  'a frame of nothing': () => frame(),
  'a frame of two gigabytes': () => int32(2 ** 31 - 1),
  'a frame that is less than nothing': () => int32(-5),
  'text of another protocol': () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
  silence: () => undefined,
}

const rights = new Map<Api, (version: number, id: number) => Buffer[]>([
  [
    ApiVersions,
    (version, id) =>
      encodeResponse(ApiVersions, version, id, {
        errorCode: 0,
        apiKeys: apis.map(({ key, versions: [minVersion, maxVersion] }) => {
          return { apiKey: key, minVersion, maxVersion }
        }),
        throttleTimeMs: 0,
      }),
  ],
  [
    SaslHandshake,
    (version, id) => encodeResponse(SaslHandshake, version, id, { errorCode: 0, mechanisms: [] }),
  ],
])

/** A server that behaves until it is asked `step`, and then no longer. */
async function serving(step: Api, nonsense: Nonsense): Promise<string> {
  const answer = (socket: Socket, request: Buffer) => {
    const { apiKey, apiVersion, correlationId } = decodeRequestHeader(new Reader(request))
    const api = apiByKey.get(apiKey)
    const right = api === step || !api ? undefined : rights.get(api)
    const wrong = right ? undefined : nonsense(correlationId)
    for (const bytes of right?.(apiVersion, correlationId) ?? []) socket.write(bytes)
    if (wrong) socket.write(wrong)
  }
  const server = createServer(socket => {
    const splitter = new FrameSplitter(1_000_000)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      for (const request of splitter.push(chunk)) answer(socket, request)
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const user = { 'sasl.username': 'alice', 'sasl.password': SECRET }
const mechanisms: readonly ProducerOptions[] = [
  { 'sasl.mechanism': 'PLAIN', ...user },
  { 'sasl.mechanism': 'SCRAM-SHA-256', ...user },
  { 'sasl.mechanism': 'OAUTHBEARER', 'sasl.oauthbearer.token': () => SECRET },
]
const steps = [ApiVersions, SaslHandshake, SaslAuthenticate]
const cases = steps.flatMap(step => Object.keys(kinds).map(kind => [step.name, kind] as const))

test.each(cases)(
  'to %s a server sends %s: an error, in time, without secrets',
  async (at, kind) => {
    const step = steps.find(({ name }) => name === at)!
    const server = await serving(step, kinds[kind]!)
    const failures = mechanisms.map(async mechanism => {
      using admin = new Admin({
        'bootstrap.servers': server,
        'security.protocol': 'sasl_plaintext',
        'socket.connection.setup.timeout.ms': 700,
        'request.timeout.ms': 1000,
        'default.api.timeout.ms': 1500,
        logger: silentLogger,
        ...mechanism,
      })
      return admin.connect().then(
        () => expect.unreachable('it was let in'),
        (error: unknown) => error,
      )
    })
    for (const failure of await Promise.all(failures)) {
      expect(failure).toBeInstanceOf(KafkaError)
      expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain(SECRET)
    }
  },
)
