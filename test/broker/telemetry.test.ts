import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FakeClock } from '../../src/base/fake-clock.ts'
import { EmbeddedCluster, type PushedTelemetry } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { errorByCode } from '../../src/protocol/errors.ts'
import {
  ApiVersions,
  GetTelemetrySubscriptions,
  IncrementalAlterConfigs,
  PushTelemetry,
} from '../../src/protocol/messages/index.ts'
import { ZERO_UUID } from '../../src/wire/uuid.ts'
import { RawClient } from './raw-client.ts'

const CLIENT_METRICS = 16
let clock: FakeClock
let cluster: EmbeddedCluster
let client: RawClient
let heard: PushedTelemetry[]
let stopHearing: () => void

beforeEach(async () => {
  clock = new FakeClock()
  cluster = await EmbeddedCluster.start({ logger: silentLogger, clock })
  client = await RawClient.open(cluster.brokers[0]!.address)
  heard = []
  stopHearing = cluster.onTelemetry(pushed => heard.push(pushed))
})
afterEach(async () => {
  client.close()
  await cluster.stop()
})

async function subscribe(name: string, config: Record<string, string>): Promise<void> {
  const configs = Object.entries(config).map(([key, value]) => ({
    name: key,
    configOperation: 0,
    value,
  }))
  const resources = [{ resourceType: CLIENT_METRICS, resourceName: name, configs }]
  const ask = { resources, validateOnly: false }
  const { responses } = await client.call(IncrementalAlterConfigs, 1, ask)
  expect(responses).toMatchObject([{ errorCode: 0 }])
}

const ask = (clientInstanceId = ZERO_UUID) =>
  client.call(GetTelemetrySubscriptions, 0, { clientInstanceId })

async function push(
  { clientInstanceId, subscriptionId }: { clientInstanceId: string; subscriptionId: number },
  { metrics = Buffer.from('otlp'), compressionType = 0, terminating = false } = {},
): Promise<string> {
  const facts = { clientInstanceId, subscriptionId, terminating, compressionType, metrics }
  const { errorCode } = await client.call(PushTelemetry, 0, facts)
  return errorByCode(errorCode).name
}

test('clients are told of it only while somebody listens', async () => {
  const told = async () => {
    const names = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.0' }
    const { apiKeys } = await client.call(ApiVersions, 4, names)
    const telemetry: number[] = [GetTelemetrySubscriptions.key, PushTelemetry.key]
    return apiKeys.map(({ apiKey }) => apiKey).filter(key => telemetry.includes(key))
  }
  expect(await told()).toEqual([GetTelemetrySubscriptions.key, PushTelemetry.key])
  stopHearing()
  expect(await told()).toEqual([])
})

test('without subscriptions a client is told to push nothing', async () => {
  const answer = await ask()
  expect(answer).toMatchObject({
    errorCode: 0,
    pushIntervalMs: 300_000,
    requestedMetrics: [],
    acceptedCompressionTypes: [4, 3, 2, 1],
    telemetryMaxBytes: 1_048_576,
    deltaTemporality: true,
  })
  expect(answer.clientInstanceId).not.toBe(ZERO_UUID)
})

test('the subscriptions that match a client are told as one', async () => {
  const software = { clientSoftwareName: 'raw', clientSoftwareVersion: '1.2' }
  await client.call(ApiVersions, 4, software)
  await subscribe('mine', {
    metrics: 'org.a,org.b',
    'interval.ms': '1000',
    match: 'client_software_name=r.w, client_source_address=127\\..*',
  })
  await subscribe('also', { metrics: 'org.b,org.c', match: 'client_id=raw' })
  await subscribe('other', { metrics: 'org.d', 'interval.ms': '100', match: 'client_id=ra' })
  expect(await ask()).toMatchObject({
    pushIntervalMs: 1000,
    requestedMetrics: ['org.a', 'org.b', 'org.c'],
  })
  await subscribe('all', { metrics: '*' })
  expect((await ask()).requestedMetrics).toEqual(['*'])
})

test('what is pushed is heard, decompressed, once an interval', async () => {
  await subscribe('mine', { metrics: 'org', 'interval.ms': '1000' })
  const told = await ask()
  expect(await push(told)).toBe('NONE')
  expect(await push(told)).toBe('THROTTLING_QUOTA_EXCEEDED')
  await clock.advance(1000)
  const gzip = { metrics: gzipSync('zipped'), compressionType: 1 }
  expect(await push(told, gzip)).toBe('NONE')
  expect(await push(told, { terminating: true })).toBe('NONE')
  expect(await push(told, { terminating: true })).toBe('INVALID_REQUEST')
  const { clientInstanceId } = told
  const facts = { broker: 1, clientInstanceId, clientId: 'raw' }
  expect(heard).toMatchObject([
    { ...facts, isTerminating: false, metrics: Buffer.from('otlp') },
    { ...facts, isTerminating: false, metrics: Buffer.from('zipped') },
    { ...facts, isTerminating: true },
  ])
})

test('a client is sent back when subscriptions change, and need not wait to ask', async () => {
  await subscribe('mine', { metrics: 'org' })
  const told = await ask()
  expect(errorByCode((await ask(told.clientInstanceId)).errorCode).name).toBe(
    'THROTTLING_QUOTA_EXCEEDED',
  )
  await subscribe('mine', { metrics: 'com' })
  expect(await push(told)).toBe('UNKNOWN_SUBSCRIPTION_ID')
  const again = await ask(told.clientInstanceId)
  expect(again).toMatchObject({ errorCode: 0, requestedMetrics: ['com'] })
  expect(again.subscriptionId).not.toBe(told.subscriptionId)
  expect(await push(again)).toBe('NONE')
})

test('what can not be taken is refused', async () => {
  await subscribe('mine', { metrics: 'org', 'interval.ms': '100' })
  const told = await ask()
  const next = async (options: Parameters<typeof push>[1]) => {
    await clock.advance(100)
    return push(told, options)
  }
  expect(await next({ metrics: Buffer.alloc(1_048_577) })).toBe('TELEMETRY_TOO_LARGE')
  expect(await next({ compressionType: 9 })).toBe('UNSUPPORTED_COMPRESSION_TYPE')
  expect(await next({ compressionType: 1 })).toBe('INVALID_RECORD')
  const bomb = gzipSync(Buffer.alloc(2 ** 21))
  expect(await next({ compressionType: 1, metrics: bomb })).toBe('INVALID_RECORD')
  expect(await push({ ...told, clientInstanceId: ZERO_UUID })).toBe('INVALID_REQUEST')
  expect(heard).toEqual([])
})
