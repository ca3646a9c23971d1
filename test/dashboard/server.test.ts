import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { afterAll, describe, expect, it, test } from 'vitest'
import { guard } from '../../src/dashboard/guard.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import type { GroupView, MessageView, TopicView } from '../../src/dashboard/views.ts'
import { Consumer, Producer } from '../../src/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { stepsOf, type Trace } from '../../src/trace/index.ts'
import { waitFor } from '../support/wait.ts'
import { builtPage, served } from './served.ts'

afterAll(async () => rm(await builtPage(), { recursive: true, force: true }))

/** What a page gets; its shape is what the tests are about. */
const asked = async <T>(answer: Response | Promise<Response>): Promise<T> =>
  (await (await answer).json()) as T
const json = { 'content-type': 'application/json' }
const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) })

/** A request with headers that fetch() would not send. */
function status(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, response => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

/** Reads a stream of server-sent events in the background. */
function stream(url: string) {
  const heard: { event: string; data: Record<string, unknown> }[] = []
  const ending = new AbortController()
  const read = async () => {
    const response = await fetch(url, { signal: ending.signal })
    let text = ''
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? []
        heard.push({ event, data: JSON.parse(data) })
      }
    }
  }
  const over = read().catch(() => {})
  return { heard, over, stop: () => ending.abort() }
}

describe('the server', () => {
  it('serves the page with a policy that lets it ask nobody else', async () => {
    const { url } = await served()
    const page = await fetch(`${url}/`)
    expect(page.headers.get('content-type')).toContain('text/html')
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("connect-src 'self'")
    const text = await page.text()
    expect(text).not.toMatch(/(src|href)="https?:/)
    const [script] = /assets\/[\w-]+\.js/.exec(text) ?? []
    const loaded = await fetch(`${url}/${script}`)
    expect(loaded.headers.get('content-type')).toContain('text/javascript')
    expect((await fetch(`${url}/../../package.json`)).status).toBe(404)
    expect((await fetch(`${url}/%00`)).status).toBe(404)
  })

  it('serves under names of this machine alone', async () => {
    const { url } = await served()
    const { port } = new URL(url)
    expect(await status(`${url}/`, { host: 'evil.example' })).toBe(403)
    expect(await status(`${url}/api/topics`, { host: `evil.example:${port}` })).toBe(403)
    expect(await status(`${url}/`, { host: `localhost:${port}` })).toBe(200)
    expect(await status(`${url}/`, { host: `[::1]:${port}` })).toBe(200)
    expect(await status(`${url}/`, { origin: 'http://evil.example' })).toBe(403)
    const plain = await fetch(`${url}/api/messages`, { method: 'POST', body: '{}' })
    expect(plain.status).toBe(415)
  })

  it('asks for a token where others can reach it, and keeps it in a cookie', async () => {
    const { page, url } = await served({ host: '0.0.0.0' })
    const { port, searchParams } = new URL(page.url)
    const here = `http://127.0.0.1:${port}`
    expect(searchParams.get('token')).toMatch(/^[\w-]{22}$/)
    expect((await fetch(`${here}/api/topics`)).status).toBe(401)
    expect((await fetch(`${here}/?token=wrong`)).status).toBe(401)
    const welcome = await fetch(page.url.replace('0.0.0.0', '127.0.0.1'), { redirect: 'manual' })
    expect(welcome.status).toBe(302)
    expect(welcome.headers.get('location')).toBe('/')
    const [cookie = ''] = welcome.headers.getSetCookie()
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect(await status(`${here}/api/topics`, { cookie: cookie.split(';')[0]! })).toBe(200)
    const authorization = `Bearer ${searchParams.get('token')}`
    expect(await status(`${here}/`, { authorization })).toBe(200)
    expect(url).toContain(port)
  })

  it('produces records, shows them, and says what is wrong with a question', async () => {
    const { url, cluster } = await served()
    await cluster.createTopic('orders', { partitions: 2 })
    const record = {
      topic: 'orders',
      partition: 1,
      key: 'ada',
      value: '{"a":1}',
      headers: { x: 'y' },
    }
    const stored = await post(`${url}/api/messages`, record)
    expect(await stored.json()).toEqual({ topic: 'orders', partition: 1, offset: 0 })
    const found = await asked(fetch(`${url}/api/messages?topic=orders&partition=1`))
    expect(found).toEqual([
      {
        partition: 1,
        offset: 0,
        timestamp: expect.any(Number),
        key: 'ada',
        value: '{"a":1}',
        headers: [['x', 'y']],
        bytes: 7,
      },
    ])
    const [orders] = await asked<TopicView[]>(fetch(`${url}/api/topics`))
    expect(orders?.partitions.map(({ end }) => end)).toEqual([0, 1])
    for (const question of ['', 'topic=orders&partition=x', 'topic=orders&offset=-1']) {
      expect((await fetch(`${url}/api/messages?${question}`)).status).toBe(400)
    }
    for (const body of [
      null,
      [],
      {},
      { topic: 'orders', key: 1 },
      { topic: 'orders', headers: 1 },
    ]) {
      expect((await post(`${url}/api/messages`, body)).status).toBe(400)
    }
    expect((await post(`${url}/api/trace`, { scenario: 'none' })).status).toBe(400)
    const broken = await fetch(`${url}/api/trace`, { method: 'POST', headers: json, body: '{' })
    expect(broken.status).toBe(400)
  })

  it('shows bytes that are no text as digits, and a part of what is large', async () => {
    const { url, cluster } = await served()
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    await producer.send({ topic: 'bytes', value: Buffer.from([0xff, 0xfe]) })
    await producer.send({ topic: 'bytes', value: 'é'.repeat(4_000) })
    const [odd, large] = await asked<MessageView[]>(fetch(`${url}/api/messages?topic=bytes`))
    expect(odd?.value).toBe('0xfffe')
    expect(large).toMatchObject({ bytes: 8_000 })
    expect(large?.value).toBe(`${'é'.repeat(2_048)}…`)
  })

  it('runs scenarios, several at once', async () => {
    const { url } = await served()
    const runs = Array.from({ length: 6 }, () => post(`${url}/api/trace`, { scenario: 'flush' }))
    const traces = await Promise.all(runs.map(run => asked<Trace>(run)))
    for (const trace of traces) {
      const last = stepsOf(trace.entries).at(-1)
      expect(last?.tracker).toMatchObject({
        producer: 'closed',
        queue: 0,
        acknowledged: 6,
        stored: 6,
      })
    }
  })

  it('tells of groups, who owns what, and how far behind they are', async () => {
    const { url, cluster } = await served()
    const settings = { 'bootstrap.servers': cluster.bootstrapServers }
    await cluster.createTopic('orders', { partitions: 2 })
    await using producer = new Producer(settings)
    await producer.sendBatch(
      [0, 1, 1].map(partition => ({ topic: 'orders', partition, value: 'a' })),
    )
    await using consumer = new Consumer({
      ...settings,
      'client.id': 'anna',
      'group.id': 'billing',
      'auto.offset.reset': 'earliest',
      'enable.auto.commit': false,
    })
    await consumer.subscribe(['orders'])
    for await (const message of consumer) {
      if (message.partition === 1) {
        await consumer.commit(message)
        break
      }
    }
    const [group] = await asked<GroupView[]>(fetch(`${url}/api/groups`))
    expect(group).toMatchObject({ name: 'billing', state: 'Stable' })
    expect(group?.members).toMatchObject([
      { clientId: 'anna', partitions: ['orders/0', 'orders/1'] },
    ])
    const lagOfOne = group?.partitions.find(({ partition }) => partition === 1)
    expect(lagOfOne).toMatchObject({ committed: 1, end: 2, lag: 1 })
  })
})

describe('the stream', () => {
  it('counts every event, and shows some of many', async () => {
    const { url, cluster } = await served()
    const { heard, stop, over } = stream(`${url}/api/live`)
    await waitFor('the start', () => heard.some(({ event }) => event === 'start'))
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    const records = Array.from({ length: 5_000 }, (_, i) => ({ topic: 'many', value: `${i}` }))
    await producer.sendBatch(records)
    const frames = () => heard.filter(({ event }) => event === 'frame').map(({ data }) => data)
    await waitFor('the figures', () => {
      const figures = frames().flatMap(({ figures }) => (figures ? [figures] : []))
      const sum = (name: string) =>
        figures.reduce((all, each) => Number(all) + Number(Object(each)[name]), 0)
      return sum('appended') === 5_000 && sum('acknowledged') === 5_000 && sum('stored') === 5_000
    })
    for (const { events } of frames()) expect(Object(events).length).toBeLessThanOrEqual(40)
    expect(frames().some(({ total, events }) => Number(total) > Object(events).length)).toBe(true)
    const producers: object[] = Object.values(Object(Object(frames().at(-1)).model).producers)
    expect(producers).toMatchObject([{ acknowledged: 5_000, queued: 0 }])
    stop()
    await over
  })

  it('serves ten pages at once, and says when the cluster has gone', async () => {
    const { url, cluster } = await served()
    const pages = Array.from({ length: 10 }, () => stream(`${url}/api/live`))
    const healths = () =>
      pages.map(({ heard }) => heard.findLast(({ event }) => event === 'health')?.data.is)
    await waitFor('the cluster to be up', () => healths().every(is => is === 'up'))
    await cluster.stop()
    await waitFor('the cluster to be down', () => healths().every(is => is === 'down'))
    const said = pages[0]!.heard.findLast(({ event }) => event === 'health')!
    expect(said.data.why).toMatch(/no broker could be reached/)
    expect((await fetch(`${url}/api/about`)).status).toBe(200)
    for (const { stop } of pages) stop()
    await Promise.all(pages.map(({ over }) => over))
  })
})

test('dashboard() shows the clients that it is given, and no others', async () => {
  const { cluster } = await served()
  const settings = { 'bootstrap.servers': cluster.bootstrapServers, logger: silentLogger }
  await using mine = new Producer({ ...settings, clientId: 'mine' })
  await using other = new Producer({ ...settings, 'client.id': 'other' })
  await using page = await dashboard(mine, { page: await builtPage() })
  const { heard, stop, over } = stream(`${page.url}api/live`)
  await waitFor('the start', () => heard.length > 0)
  await Promise.all([mine, other].map(producer => producer.send({ topic: 'a', value: 'b' })))
  // There is a frame each second whatever has happened: the first may be from before both.
  const shown = () => heard.flatMap(({ data }) => Object.values(Object(data.model).producers ?? {}))
  await waitFor('a record', () => shown().some(each => Object(each).acknowledged === 1))
  const names = shown().map(each => Object(each).name)
  expect(new Set(names)).toEqual(new Set(['mine']))
  expect(await (await fetch(`${page.url}api/about`)).json()).toMatchObject({ title: 'mine' })
  stop()
  await over
  await expect(dashboard([])).rejects.toThrow(/nothing to watch/)
  const { port } = new URL(page.url)
  await expect(dashboard(mine, { port: Number(port), page: await builtPage() })).rejects.toThrow(
    /EADDRINUSE/,
  )
})

describe('the guard', () => {
  const plain = {
    method: 'GET',
    host: 'localhost:80',
    origin: undefined,
    cookie: undefined,
    authorization: undefined,
    contentType: undefined,
    token: null,
  }
  it.each([
    ['localhost:8080', 'pass'],
    ['LOCALHOST:8080', 'pass'],
    ['127.0.0.1:8080', 'pass'],
    ['127.9.9.9:8080', 'pass'],
    ['[::1]:8080', 'pass'],
    ['localhost', 'refuse'],
    ['localhost:81', 'refuse'],
    ['localhost.evil.example:8080', 'refuse'],
    ['127.0.0.1.evil.example:8080', 'refuse'],
    ['', 'refuse'],
    [undefined, 'refuse'],
  ])('on loopback, host %s: %s', (host, is) => {
    expect(guard({ ...plain, host }, { port: 8080, token: undefined }).is).toBe(is)
  })
})
