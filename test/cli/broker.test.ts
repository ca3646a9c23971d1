import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'
import { posthaste, Running } from './posthaste.ts'

const data = mkdtempSync(join(tmpdir(), 'posthaste-broker-'))
afterAll(() => rmSync(data, { recursive: true }))

/** Waits for the line that tells where a broker serves. */
async function addressesOf(broker: Running): Promise<string> {
  const isReady = /^ready (\S+)\n/
  return waitFor('the broker to be ready', () => isReady.exec(broker.stdout)?.[1] ?? '')
}

describe('broker', () => {
  it('serves, ends in order at SIGTERM, and has kept what it was given', async () => {
    const args = [
      'broker',
      '--port',
      '0',
      '--brokers',
      '2',
      '--data',
      data,
      '--default-partitions',
      '3',
    ]
    using first = new Running(args)
    const servers = await addressesOf(first)
    expect(servers.split(',')).toHaveLength(2)
    const made = await posthaste(['produce', 'kept', '-b', servers], { stdin: '1\n2\n3\n' })
    expect(made).toMatchObject({ code: 0, stderr: 'delivered 3, failed 0\n' })
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)

    using second = new Running(args)
    const again = ['-b', await addressesOf(second)]
    const back = await posthaste(['consume', 'kept', ...again, '--from-beginning', '--exit-at-end'])
    expect(back.stdout).toBe('1\n2\n3\n')
    const described = await posthaste(['topics', 'describe', 'kept', '--json', ...again])
    expect(JSON.parse(described.stdout).partitions).toHaveLength(3)
  })

  it('prints each request with --verbose, to stderr alone', async () => {
    using broker = new Running(['broker', '--port', '0', '--verbose'])
    const servers = await addressesOf(broker)
    await posthaste(['produce', 'seen', '-b', servers], { stdin: '1\n' })
    await posthaste(['topics', 'describe', 'missing', '-b', servers])
    const lines = await waitFor('the requests', () => {
      const found = broker.stderr.split('\n')
      return found.some(line => line.includes('UNKNOWN_TOPIC')) && found
    })
    expect(lines).toContainEqual(expect.stringMatching(/^1 Produce v\d+ \S+ seen-0 \d+ µs$/))
    const missing = /^1 \w+ v\d+ \S+ missing \d+ µs UNKNOWN_TOPIC_OR_PARTITION$/
    expect(lines).toContainEqual(expect.stringMatching(missing))
    expect(broker.stdout).toBe(`ready ${servers}\n`)
  })

  it('tells its address as it is told, and says so where the port is taken', async () => {
    const [port] = await freePorts(1)
    const args = ['broker', '--port', String(port)]
    using broker = new Running([...args, '--advertised', 'localhost:7777'])
    await addressesOf(broker)
    const second = await posthaste(args)
    expect(second).toMatchObject({ code: 2, stdout: '' })
    expect(second.stderr).toContain('take another --port')
    const refused = await posthaste(['topics', 'list', '-b', `127.0.0.1:${port}`])
    expect(refused.code).toBe(0)
  })

  it.each([
    ['--advertised', 'nohost'],
    ['--brokers', '0'],
    ['--port', '70000'],
  ])('ends with 2 for %s %s', async (flag, value) => {
    const { code, stdout } = await posthaste(['broker', '--port', '0', flag, value])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
