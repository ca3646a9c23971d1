import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Admin, Producer, silentLogger } from '../../src/index.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { Scraped } from './scrape.ts'

const users = { alice: 'sesame-opens' }
const login = {
  'security.protocol': 'sasl_plaintext',
  'sasl.mechanism': 'PLAIN',
  'sasl.username': 'alice',
} as const

/** Long enough that what is sent at its beginning is answered before its end. */
const SESSION_MS = 5_000

test('connections: opened, authenticated anew, closed', async () => {
  const security = { sasl: { mechanisms: { PLAIN: { users } }, maxReauthMs: SESSION_MS } }
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger, security })
  const producer = new Producer({
    'bootstrap.servers': cluster.bootstrapServers,
    'client.id': 'renewing',
    logger: silentLogger,
    ...login,
    'sasl.password': users.alice,
  })
  using scraped = new Scraped()
  const client = { client_id: 'renewing' }
  await producer.send({ topic: 'orders', value: 'a book' })
  const opened = (await scraped.now()).value('posthaste_client_connections_opened_total', client)
  expect(opened).toBeGreaterThan(0)
  // Nothing is sent meanwhile: a request that a busy machine brings too late to the broker, after
  // the session's end, costs the connection.
  await waitFor('an authentication anew', async () => {
    return (await scraped.now()).value('posthaste_client_reauthentications_total', client)
  })
  const before = await scraped.now()
  expect(before.value('posthaste_client_connections', client)).toBe(opened)
  expect(before.value('posthaste_client_connections_opened_total', client)).toBe(opened)
  expect(before.value('posthaste_client_connections_closed_total', client)).toBeUndefined()
  await producer.close()
  const after = await scraped.now()
  expect(after.value('posthaste_client_connections', client)).toBeUndefined()
  expect(after.value('posthaste_client_connections_closed_total', client)).toBe(opened)
  expect(after.value('posthaste_client_connection_failures_total', client)).toBeUndefined()
})

test('connections that fail, by why: nobody listens, a password is wrong', async () => {
  const security = { sasl: { mechanisms: { PLAIN: { users } } } }
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger, security })
  const [nowhere] = await freePorts(1)
  const servers = [`127.0.0.1:${nowhere}`, cluster.bootstrapServers]
  using admin = new Admin({
    'bootstrap.servers': servers.join(),
    'client.id': 'refused',
    logger: silentLogger,
    ...login,
    'sasl.password': 'sesame-shuts',
  })
  using scraped = new Scraped(admin)
  await expect(admin.connect()).rejects.toThrow()
  const scrape = await scraped.now()
  const failures = 'posthaste_client_connection_failures_total'
  const [first, second] = servers
  expect(scrape.all(failures, { broker: first! })).toMatchObject([
    { value: 1, labels: { error: 'ECONNREFUSED' } },
  ])
  expect(scrape.all(failures, { broker: second! })).toMatchObject([
    { value: 1, labels: { error: 'SASL_AUTHENTICATION_FAILED' } },
  ])
  expect(scrape.text).not.toMatch(/sesame/)
})
