import { createServer } from 'node:net'
import parse from 'parse-prometheus-text-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/index.ts'
import { metricNames } from '../../src/metrics/catalogue.ts'
import { waitFor } from '../support/wait.ts'
import { posthaste, Running } from './posthaste.ts'

let cluster: EmbeddedCluster
let at: readonly string[]
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ logger: silentLogger })
  at = ['-b', cluster.bootstrapServers]
})
afterAll(() => cluster.stop())

/** Where a command serves its metrics, once it has said so. */
async function urlOf(command: Running): Promise<string> {
  const line = /^metrics (http:\S+)$/m
  await waitFor('the address of the metrics', () => line.test(command.stderr))
  return line.exec(command.stderr)?.[1] ?? ''
}

/** The value of a metric, all its label sets together; undefined where it has none. */
async function scraped(url: string, name: string): Promise<number | undefined> {
  const response = await fetch(url)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  const families = parse(await response.text())
  expect(families.map(family => family.name)).toEqual(metricNames)
  const found = families.find(family => family.name === name)?.metrics ?? []
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + Number(value), 0)
}

test('produce and consume serve their metrics while they run', async () => {
  using producing = new Running(['produce', 'orders', ...at, '--metrics-port', '0'])
  const url = await urlOf(producing)
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
  producing.child.stdin.write('a\nb\nc\n')
  const delivered = 'posthaste_producer_records_delivered_total'
  await waitFor('three to be delivered', async () => (await scraped(url, delivered)) === 3)
  using consuming = new Running([
    ...['consume', 'orders', '--from-beginning', ...at],
    ...['--metrics-port', '0', '--metrics-host', 'localhost'],
  ])
  const there = await urlOf(consuming)
  expect(there).toMatch(/^http:\/\/localhost:\d+\/metrics$/)
  await waitFor('three lines', () => consuming.stdout === 'a\nb\nc\n')
  expect(await scraped(there, 'posthaste_consumer_fetched_records_total')).toBe(3)
  expect(await scraped(there, 'posthaste_consumer_lag_records')).toBe(0)
  producing.child.stdin.end()
  expect(await producing.ended).toBe(0)
  await expect(fetch(url)).rejects.toThrow()
  consuming.child.kill('SIGINT')
  expect(await consuming.ended).toBe(130)
})

test('the server knows one path and one method', async () => {
  using consuming = new Running(['consume', 'orders', ...at, '--metrics-port', '0'])
  const url = await urlOf(consuming)
  expect((await fetch(new URL('/', url))).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test.each(['bench', 'demo'])('%s serves metrics, too', async command => {
  const own = command === 'bench' ? ['-n', '1000', ...at] : []
  const { code, stderr } = await posthaste([command, ...own, '--metrics-port', '0'])
  expect(stderr).toMatch(/^metrics http:\/\/127\.0\.0\.1:\d+\/metrics$/m)
  expect(code).toBe(0)
})

test('a port that is taken, an address that is not here, a host without a port', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const consume = (...args: string[]) => posthaste(['consume', 'orders', ...at, ...args])
  const taken = await consume('--metrics-port', port)
  server.close()
  expect(taken.stderr).toContain(`can not be served on 127.0.0.1:${port}: the port is taken`)
  const elsewhere = await consume('--metrics-port', '0', '--metrics-host', '192.0.2.1')
  expect(elsewhere.stderr).toContain('this machine has no such address')
  const alone = await consume('--metrics-host', '127.0.0.1')
  expect(alone.stderr).toContain('give a port, too')
  expect([taken.code, elsewhere.code, alone.code]).toEqual([2, 2, 2])
})

test('without prom-client it says what to install', async () => {
  const resolve = `export async function resolve(name, context, next) {
    if (name !== 'prom-client') return next(name, context)
    throw Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' })
  }`
  const hidden = `data:text/javascript,${encodeURIComponent(resolve)}`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(hidden)})`
  const hook = `data:text/javascript,${encodeURIComponent(register)}`
  const env = { ...process.env, NODE_OPTIONS: `--import ${hook}`, NO_COLOR: '1' }
  const args = ['consume', 'orders', ...at, '--metrics-port', '0']
  const { code, stderr } = await posthaste(args, { env })
  expect(stderr).toContain('npm install prom-client')
  expect(code).toBe(2)
})
