import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { clientOptions, configure } from '../../../src/cluster/options.ts'
import { Security } from '../../../src/cluster/security.ts'
import { dialTcp } from '../../../src/net/tcp.ts'
import { Authority } from '../../contract/security-certificates.ts'
import { waitFor } from '../../support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-tls-'))
const authority = new Authority('test')
const host = 'localhost'
let port: number
const guests: { name: string | undefined; servername: string | false | null }[] = []

const server = createServer(
  {
    ...named(authority.issue({ name: 'server', hosts: [host] })),
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  },
  (socket: TLSSocket) => {
    const { CN } = socket.getPeerCertificate().subject ?? {}
    guests.push({ name: String(CN ?? ''), servername: socket.servername })
  },
)

function named({ key, certificate }: { key: string; certificate: string }) {
  return { key, cert: certificate }
}

beforeAll(async () => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (typeof address === 'object' && address) ({ port } = address)
})

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function security(settings: Readonly<Record<string, unknown>>) {
  const { values: config } = configure(clientOptions, { 'security.protocol': 'ssl', ...settings })
  const clock = new FakeClock()
  const warned: string[] = []
  const logger = { log: (_: string, event: string) => void warned.push(event) }
  const parts = { config, clock, random: () => 0, logger, dial: dialTcp }
  return { security: new Security(parts), clock, warned }
}

/** Connects, and gives how the server saw who came. */
async function guest(of: Security, at = host) {
  const before = guests.length
  const transport = await of.dial({ host: at, port }, new AbortController().signal)
  const seen = await waitFor('the server to greet', () => guests[before])
  transport.destroy()
  return seen!
}

const files = { key: join(folder, 'key'), certificate: join(folder, 'certificate') }

function store(name: string): void {
  const { key, certificate } = authority.issue({ name })
  writeFileSync(files.key, key)
  writeFileSync(files.certificate, certificate)
}

test('files are read again when they have changed, and those who wait are told', async () => {
  store('first')
  const setup = security({
    'ssl.ca.pem': authority.certificate,
    'ssl.key.location': files.key,
    'ssl.certificate.location': files.certificate,
  })
  let told = 0
  setup.security.watch(() => void told++)
  expect(await guest(setup.security)).toEqual({ name: 'first', servername: host })
  await setup.clock.advance(60_000)
  expect(told).toBe(0)
  store('second')
  expect((await guest(setup.security)).name).toBe('second')
  await setup.clock.advance(5_000)
  expect(told).toBe(1)
  writeFileSync(files.key, 'torn in the middle')
  expect((await guest(setup.security)).name).toBe('second')
  rmSync(files.certificate)
  expect((await guest(setup.security)).name).toBe('second')
  await setup.clock.advance(5_000)
  expect(told).toBe(1)
  expect(setup.warned).toEqual(['tls.files.unusable', 'tls.files.unusable'])
  store('third')
  await setup.clock.advance(5_000)
  expect(told).toBe(2)
  expect((await guest(setup.security)).name).toBe('third')
  setup.security.close()
  expect(setup.clock.pending).toBe(0)
})

test('a function is asked at each connection, with the address', async () => {
  const asked: object[] = []
  const { security: own } = security({
    'ssl.ca.pem': authority.certificate,
    'ssl.options': async (address: object) => {
      asked.push(address)
      return named(authority.issue({ name: `guest ${asked.length}` }))
    },
  })
  expect((await guest(own)).name).toBe('guest 1')
  expect((await guest(own)).name).toBe('guest 2')
  expect(asked).toEqual([
    { host, port },
    { host, port },
  ])
})

test('an address is no name to be sent, nor one that the certificate has', async () => {
  const { security: strict } = security({ 'ssl.ca.pem': authority.certificate })
  const dial = strict.dial({ host: '127.0.0.1', port }, new AbortController().signal)
  await expect(dial).rejects.toMatchObject({ code: 'CERTIFICATE_WRONG_HOST', retriable: false })
  const { security: lax } = security({
    'ssl.ca.pem': authority.certificate,
    'ssl.endpoint.identification.algorithm': 'none',
  })
  expect(await guest(lax, '127.0.0.1')).toEqual({ name: '', servername: false })
})

test('a refusal is final, unless this client was accepted before', async () => {
  const { security: strange } = security({})
  const dial = () => strange.dial({ host, port }, new AbortController().signal)
  await expect(dial()).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED', retriable: false })
  strange.accepted()
  await expect(dial()).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED', retriable: true })
})
