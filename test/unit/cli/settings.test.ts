import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { settingsFor } from '../../../src/cli/settings.ts'
import { consumerOptions, producerOptions } from '../../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-settings-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(text: string): string {
  const path = join(folder, 'client.properties')
  writeFileSync(path, text)
  return path
}

function settings(flags: Parameters<typeof settingsFor>[1], own = {}, env = {}) {
  const { logger: _, ...rest } = settingsFor(producerOptions, flags, own, consumerOptions, env)
  return rest
}

const servers = 'bootstrap.servers'

describe('settings of a command', () => {
  it('come from the file, then -X, then the own flags, each over those before', () => {
    const commandConfig = file('linger.ms=1\nacks=1\nclient.id=file\nbatch.size=1000')
    const X = ['linger.ms=2', 'clientId=x', 'acks=0']
    expect(settings({ commandConfig, X }, { 'linger.ms': '3' })).toEqual({
      [servers]: ['localhost:9092'],
      'linger.ms': 3,
      acks: '0',
      'client.id': 'x',
      'batch.size': 1000,
    })
  })

  it('name the brokers by -b, -X, the file, the environment, or by default', () => {
    const env = { KAFKA_BOOTSTRAP_SERVERS: 'env:1' }
    const commandConfig = file(`${servers}=file:1`)
    const X = [`${servers}=x:1,y:2`]
    expect(settings({}, {}, {})[servers]).toEqual(['localhost:9092'])
    expect(settings({}, {}, env)[servers]).toEqual(['env:1'])
    expect(settings({ commandConfig }, {}, env)[servers]).toEqual(['file:1'])
    expect(settings({ commandConfig, X }, {}, env)[servers]).toEqual(['x:1', 'y:2'])
    expect(settings({ commandConfig, X, bootstrapServer: 'b:1' }, {}, env)[servers]).toEqual([
      'b:1',
    ])
  })

  it('know names of other clients, in their units', () => {
    expect(settings({ X: ['queue.buffering.max.kbytes=8'] })['buffer.memory']).toBe(8192)
  })

  it('pass over what a file says to consumers or to Java alone', () => {
    const text = 'auto.offset.reset=earliest\nkey.serializer=org.example.Thing\nacks=all'
    expect(settings({ commandConfig: file(text) })).toEqual({
      [servers]: ['localhost:9092'],
      acks: 'all',
    })
  })

  it('name the nearest right name of one that is unknown, and the file', () => {
    expect(() => settings({ X: ['linger.mss=5'] })).toThrow('did you mean linger.ms (lingerMs)?')
    const commandConfig = file('compresion.type=lz4')
    expect(() => settings({ commandConfig })).toThrow(
      /client\.properties, line 1: unknown setting compresion\.type; did you mean compression\.type/,
    )
  })

  it('are refused with what is allowed', () => {
    expect(() => settings({ X: ['linger.ms=5ms'] })).toThrow(
      'linger.ms must be a number of milliseconds from 0 to 900000, got "5ms"',
    )
    expect(() => settings({ X: ['linger.ms'] })).toThrow(
      '-X linger.ms: not a setting and its value',
    )
    expect(() => settings({ commandConfig: join(folder, 'none') })).toThrow('none: no such file')
  })
})
