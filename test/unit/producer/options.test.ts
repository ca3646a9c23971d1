import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../src/errors.ts'
import { Producer, type ProducerOptions } from '../../../src/index.ts'
import { producerConfig } from '../../../src/producer/options.ts'

const base = { 'bootstrap.servers': 'localhost:9092' }

describe('the settings of a producer', () => {
  test('each key has two spellings, and the names of other clients', () => {
    for (const given of [
      { 'linger.ms': 7 },
      { lingerMs: 7 },
      { 'queue.buffering.max.ms': 7 },
      { queueBufferingMaxMs: 7 },
    ]) {
      expect(producerConfig({ ...base, ...given })).toMatchObject({ lingerMs: 7 })
    }
    expect(producerConfig({ ...base, 'queue.buffering.max.kbytes': 64 }).bufferMemory).toBe(65_536)
    expect(producerConfig({ ...base, 'compression.codec': 'lz4' }).compressionType).toBe('lz4')
  })

  test.each([
    [-1, 'all'],
    ['all', 'all'],
    [1, '1'],
    ['1', '1'],
    [0, '0'],
  ])('acks %o is %s', (acks, expected) => {
    expect(producerConfig({ ...base, acks }).acks).toBe(expected)
  })

  test('acks below all turn idempotence off, where it was not asked for', () => {
    expect(producerConfig({ ...base, acks: 1 }).enableIdempotence).toBe(false)
    expect(producerConfig(base).enableIdempotence).toBe(true)
  })

  test('linger adapts itself unless it was given', () => {
    expect(producerConfig(base).adaptiveLinger).toBe(true)
    expect(producerConfig({ ...base, lingerMs: 5 }).adaptiveLinger).toBe(false)
  })

  test.each<[object, string]>([
    [{ 'linger.msec': 5 }, 'unknown setting linger.msec; did you mean linger.ms (lingerMs)?'],
    [
      { 'linger.ms': '5ms' },
      'linger.ms must be a number of milliseconds from 0 to 900000, got "5ms"',
    ],
    [{ 'linger.ms': -1 }, 'linger.ms must be a number of milliseconds from 0 to 900000, got -1'],
    [{ acks: 2 }, 'acks must be one of all, 1, 0, got 2'],
    [{ acks: 1, 'enable.idempotence': true }, 'acks is 1, but idempotence needs acks=all'],
    [{ 'max.in.flight': 9 }, 'idempotence allows at most 5'],
    [{ 'linger.ms': 5, lingerMs: 6 }, 'linger.ms and lingerMs are one setting, given two values'],
    [{ partitioner: 'murmur' }, 'partitioner must be one of murmur2, murmur2_random'],
    [
      { 'compression.type': 'brotli' },
      'compression.type must be one of none, gzip, snappy, lz4, zstd',
    ],
    [{ 'transactional.id': 'x', 'enable.idempotence': false }, 'transactional.id is set'],
    [{ 'linger.ms': 500, 'delivery.timeout.ms': 400 }, 'linger.ms (500) must be less than'],
  ])('%o is refused before anything connects', (given, message) => {
    const make = () => new Producer({ ...base, ...given } as ProducerOptions)
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(message)
  })

  test.each([
    [undefined, 'nothing'],
    [null, 'null'],
    ['localhost:9092', '"localhost:9092"'],
    [[], '[]'],
  ])('%o is no settings', (given, shown) => {
    expect(() => Reflect.construct(Producer, [given])).toThrow(ConfigError)
    expect(() => Reflect.construct(Producer, [given])).toThrow(
      `the settings must be an object, got ${shown}`,
    )
  })

  test('servers must be there, and must be addresses', () => {
    expect(() => new Producer({})).toThrow('bootstrap.servers is missing')
    expect(() => new Producer({ 'bootstrap.servers': 'local host' })).toThrow('is not host:port')
    expect(() => new Producer({ 'bootstrap.servers': 'http://h:9092' })).toThrow('is not host:port')
    expect(() => new Producer({ 'bootstrap.servers': 'h:99999' })).toThrow('is not host:port')
  })
})
