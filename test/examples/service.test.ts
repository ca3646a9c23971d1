import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { root } from '../support/cache.ts'
import { waitFor } from '../support/wait.ts'

test('the service stores orders, answers where, and on SIGTERM ends with none lost', async () => {
  await using cluster = await EmbeddedCluster.start()
  const service = spawn(process.execPath, ['--import', 'tsx', 'examples/service.ts'], {
    cwd: root,
    env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(service, 'exit')
  try {
    const lines = createInterface({ input: service.stdout })[Symbol.asyncIterator]()
    const { value: ready } = await lines.next()
    const url = String(ready).replace('ready ', '')

    const post = (path: string) => fetch(`${url}${path}`, { method: 'POST', body: 'a book' })
    const first = await post('/orders/ada')
    expect([first.status, await first.json()]).toEqual([201, { partition: 0, offset: 0 }])
    expect((await post('/elsewhere')).status).toBe(404)

    // The broker refuses for good: whoever asked hears why.
    cluster.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'orders' })
    const refused = await post('/orders/ada')
    expect(refused.status).toBe(500)
    expect(await refused.json()).toMatchObject({ code: 'TOPIC_AUTHORIZATION_FAILED' })

    // This one is with the broker when the signal comes, and is answered all the same.
    cluster.delay('Produce', 300, { topic: 'orders' })
    const inWork = post('/orders/bob')
    await waitFor('the request', () => cluster.pendingFaults === 0)
    service.kill('SIGTERM')
    expect((await inWork).status).toBe(201)
    expect((await lines.next()).value).toBe('closed: 2 orders stored, 0 left')
    expect(await ended).toEqual([0, null])
  } finally {
    service.kill('SIGKILL')
  }
  const stored = await cluster.waitForRecords('orders', 2)
  expect(stored.map(({ key, value }) => `${key}: ${value}`)).toEqual(['ada: a book', 'bob: a book'])
})
