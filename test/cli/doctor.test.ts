import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../src/broker/index.ts'
import { freePorts } from '../support/ports.ts'
import { found, type Told } from './doctor.ts'
import { posthaste } from './posthaste.ts'

let cluster: EmbeddedCluster | undefined
afterEach(async () => {
  await cluster?.stop()
  cluster = undefined
})

async function started(options: ClusterOptions = {}): Promise<EmbeddedCluster> {
  cluster = await EmbeddedCluster.start(options)
  return cluster
}

const wrong = (told: Told) => told.findings.filter(({ is }) => is !== 'ok')

describe('doctor finds nothing', () => {
  it('where nothing is wrong, and says what it looked at', async () => {
    const { bootstrapServers } = await started({ brokers: 3 })
    await cluster!.createTopic('orders', { partitions: 6 })
    const told = await found({ 'bootstrap.servers': bootstrapServers }, { topic: 'orders' })
    expect(wrong(told)).toEqual([])
    expect(told.isAnybodyThere).toBe(true)
    const looked = new Set(told.findings.map(({ check }) => check.replace(/^127.*/, 'address')))
    expect([...looked]).toEqual([
      'settings',
      'address',
      'broker 1',
      'broker 2',
      'broker 3',
      'versions',
      'clock',
      'leaders',
      'topic orders',
      'record size',
      'rights',
    ])
  })

  it('and changes nothing: no topic comes into being, no transaction is fenced', async () => {
    const { bootstrapServers } = await started()
    const settings = { 'bootstrap.servers': bootstrapServers, 'transactional.id': 'mine' }
    const told = await found({ ...settings, 'group.id': 'ours' }, { topic: 'nowhere' })
    expect(wrong(told)).toMatchObject([{ check: 'topic nowhere', is: 'problem' }])
    const again = await found(settings, { topic: 'nowhere' })
    expect(wrong(again)).toMatchObject([{ what: 'there is no such topic' }])
  })
})

describe('doctor names what is wrong with an address', () => {
  it('nothing listens', async () => {
    const [closed] = await freePorts(1)
    const told = await found({ 'bootstrap.servers': `127.0.0.1:${closed}` })
    expect(wrong(told)).toMatchObject([
      {
        is: 'problem',
        what: 'refused: nothing listens there',
        do: expect.stringContaining('is the broker running'),
      },
    ])
    expect(told.isAnybodyThere).toBe(false)
  })

  it('the name does not resolve', async () => {
    // The system itself knows that this is no name: no server of names is asked, which may be slow.
    const told = await found({ 'bootstrap.servers': 'posthaste..invalid' })
    expect(wrong(told)).toMatchObject([
      {
        check: 'posthaste..invalid',
        what: expect.stringMatching(/^the name does not resolve/),
        do: expect.stringContaining('DNS'),
      },
    ])
  })

  it('a proxy, or something else that speaks HTTP', async () => {
    const server = createServer((_request, response) => response.end('hello'))
    server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const env = { https_proxy: 'http://proxy:3128' }
    const told = await found({ 'bootstrap.servers': `127.0.0.1:${port}` }, { env })
    const [finding] = wrong(told)
    expect(finding?.what).toBe('it answers in HTTP, which no broker does')
    expect(finding?.do).toMatch(/a proxy in the way.*HTTPS_PROXY is set here/)
    expect(told.isAnybodyThere).toBe(false)
  })

  it('TLS, where the listener is plain', async () => {
    const { bootstrapServers } = await started()
    const told = await found({
      'bootstrap.servers': bootstrapServers,
      'security.protocol': 'ssl',
    })
    expect(wrong(told)[0]?.what).toMatch(/TLS/)
    expect(wrong(told)[0]?.do).toMatch(/is it a plaintext listener \(set security\.protocol/)
  })

  it('one of several is down: a warning, since another answers', async () => {
    const { bootstrapServers } = await started()
    const [closed] = await freePorts(1)
    const told = await found({ 'bootstrap.servers': `${bootstrapServers},127.0.0.1:${closed}` })
    expect(wrong(told)).toMatchObject([{ is: 'warning', check: `127.0.0.1:${closed}` }])
  })

  it('the advertised address does not work from here', async () => {
    const [port = 0, closed = 0] = await freePorts(2)
    await started({ port, advertised: [{ host: '127.0.0.1', port: closed }] })
    const told = await found({ 'bootstrap.servers': `127.0.0.1:${port}` })
    expect(told.isAnybodyThere).toBe(true)
    expect(wrong(told)[0]).toMatchObject({ check: 'broker 1', is: 'problem' })
    expect(wrong(told)[0]?.what).toContain(`127.0.0.1:${closed}, which does not work from here`)
    expect(wrong(told)[0]?.do).toContain('advertised.listeners')
  })
})

describe('doctor names what is wrong with the cluster', () => {
  it('clocks that differ', async () => {
    const clock = { ...systemClock, epoch: () => systemClock.epoch() - 3 * 3_600_000 }
    const { bootstrapServers } = await started({ clock })
    const told = await found({ 'bootstrap.servers': bootstrapServers })
    expect(wrong(told)).toMatchObject([{ check: 'clock', is: 'problem' }])
    expect(wrong(told)[0]?.what).toBe("this machine's clock is 3 h ahead of the cluster's")
    expect(wrong(told)[0]?.do).toContain('NTP')
  })

  it('an old broker', async () => {
    const { bootstrapServers } = await started()
    cluster!.intercept(
      'ApiVersions',
      () => ({
        reply: {
          errorCode: 0,
          apiKeys: [
            { apiKey: 0, minVersion: 0, maxVersion: 5 },
            { apiKey: 1, minVersion: 0, maxVersion: 6 },
            { apiKey: 3, minVersion: 0, maxVersion: 5 },
            { apiKey: 18, minVersion: 0, maxVersion: 1 },
            { apiKey: 22, minVersion: 0, maxVersion: 0 },
          ],
          throttleTimeMs: 0,
        },
      }),
      { while: () => true },
    )
    const told = await found({
      'bootstrap.servers': bootstrapServers,
      'compression.type': 'zstd',
      'group.protocol': 'consumer',
    })
    const versions = wrong(told).filter(({ check }) => check === 'versions')
    expect(versions.map(({ is, what }) => [is, /Kafka ([\d.]+)/.exec(what)?.[1]])).toEqual([
      ['problem', '2.1'],
      ['problem', '4.0'],
      ['warning', '2.1'],
      ['warning', '1.1'],
    ])
    expect(versions[0]?.do).toContain('compression.type')
  })

  it('no leader', async () => {
    const { bootstrapServers } = await started({ brokers: 2, defaultReplicationFactor: 1 })
    await cluster!.createTopic('alone', { partitions: 2 })
    await cluster!.broker(2).stop()
    const told = await found({ 'bootstrap.servers': bootstrapServers }, { topic: 'alone' })
    const leaders = wrong(told).find(({ check }) => check === 'leaders')
    expect(leaders?.what).toMatch(/no leader for alone \[\d\]: nothing can be written/)
    expect(leaders?.do).toContain('start the brokers that hold them (2)')
  })

  it('too few in-sync replicas', async () => {
    const topicConfig = { 'min.insync.replicas': '2' }
    const { bootstrapServers } = await started({ brokers: 2, topicConfig })
    await cluster!.createTopic('guarded')
    await cluster!.broker(2).stop()
    const told = await found({ 'bootstrap.servers': bootstrapServers }, { topic: 'guarded' })
    const topic = wrong(told).find(({ check }) => check === 'topic guarded')
    expect(topic).toMatchObject({ is: 'problem' })
    expect(topic?.what).toContain('NOT_ENOUGH_REPLICAS')
    expect(topic?.do).toContain('start the brokers that are down (2)')
  })

  it('a topic that is missing, with the one that may be meant', async () => {
    const { bootstrapServers } = await started({ autoCreateTopics: false })
    await cluster!.createTopic('orders')
    const told = await found({ 'bootstrap.servers': bootstrapServers }, { topic: 'order' })
    expect(wrong(told)).toMatchObject([
      { is: 'problem', what: 'there is no such topic', do: expect.stringContaining('orders') },
    ])
  })

  it('records that are too large, for the producer and for the topic', async () => {
    const topicConfig = { 'max.message.bytes': '2000000' }
    const { bootstrapServers } = await started({ topicConfig })
    await cluster!.createTopic('large')
    const at = { 'bootstrap.servers': bootstrapServers }
    const both = await found(at, { topic: 'large', size: 5_000_000 })
    expect(wrong(both).map(({ what }) => what)).toEqual([
      expect.stringMatching(/^5,000,000 bytes are more than max\.request\.size .*1,048,576/),
      expect.stringMatching(/^5,000,000 bytes are more than max\.message\.bytes .*2,000,000/),
    ])
    const looser = await found({ ...at, 'max.request.size': 3_000_000 }, { topic: 'large' })
    expect(wrong(looser)).toMatchObject([{ is: 'warning', check: 'record size' }])
  })

  it('rights that are missing', async () => {
    const { bootstrapServers } = await started()
    await cluster!.createTopic('orders')
    const forever = { times: Number.MAX_SAFE_INTEGER }
    cluster!.fail('InitProducerId', 'CLUSTER_AUTHORIZATION_FAILED', forever)
    cluster!.fail('Heartbeat', 'GROUP_AUTHORIZATION_FAILED', forever)
    const settings = { 'bootstrap.servers': bootstrapServers, 'group.id': 'billing' }
    const told = await found(settings, { topic: 'orders' })
    expect(wrong(told)).toMatchObject([
      { what: expect.stringContaining('may not write idempotently') },
      { what: expect.stringContaining('may not read as the group billing') },
    ])
    expect(wrong(told)[0]?.do).toContain('--operation IDEMPOTENT_WRITE --cluster')
  })
})

describe('doctor as a command', () => {
  it('ends with 0, 1 or 3; settings that contradict are a problem, and no secret is told', async () => {
    const { bootstrapServers } = await started()
    const there = ['doctor', '-b', bootstrapServers]
    const good = await posthaste(there)
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout).toMatch(/^✔ settings: [\s\S]*no problems, no warnings, \d+ ok\n$/)
    expect((await posthaste([...there, 'nowhere'])).code).toBe(1)
    const [closed] = await freePorts(1)
    expect((await posthaste(['doctor', '-b', `127.0.0.1:${closed}`])).code).toBe(3)
    const secret = 'a-secret-47fa'
    const contradiction = await posthaste([...there, '-X', `sasl.password=${secret}`])
    expect(contradiction.code).toBe(1)
    expect(contradiction.stdout).toMatch(
      /✘ settings: sasl\.password is set, but security\.protocol/,
    )
    expect(contradiction.stdout + contradiction.stderr).not.toContain(secret)
    const unknown = await posthaste([...there, '-X', 'lingr.ms=3'])
    expect(unknown).toMatchObject({ code: 1 })
    expect(unknown.stdout).toContain('did you mean linger.ms')
  })

  it('tells one JSON object a finding', async () => {
    const { bootstrapServers } = await started()
    const told = await posthaste(['doctor', '-b', bootstrapServers, 'nowhere', '--json'])
    const findings = told.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(findings.every(({ check, is, what }) => check && is && what)).toBe(true)
    expect(findings.filter(({ is }) => is === 'problem')).toMatchObject([
      { check: 'topic nowhere' },
    ])
  })
})
