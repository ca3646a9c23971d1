import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { root } from '../support/cache.ts'
import { waitFor } from '../support/wait.ts'
import { posthaste, Running } from './posthaste.ts'

const orders = join(root, 'examples/orders.jsonl')
const folder = mkdtempSync(join(tmpdir(), 'posthaste-cli-'))
let cluster: EmbeddedCluster

beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ brokers: 3 })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

const there = () => ['-b', cluster.bootstrapServers]
const all = ['--from-beginning', '--exit-at-end']

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('produce and consume', () => {
  it('carry a file there and back, with a field as key', async () => {
    await cluster.createTopic('orders', { partitions: 4 })
    const there1 = await posthaste(['produce', ...there(), 'orders', orders, '--key-field', 'user'])
    expect(there1).toEqual({ code: 0, stdout: '', stderr: 'delivered 1200, failed 0\n' })

    const format = ['--format', '%t [%p] %k %v\\n']
    const back = await posthaste(['consume', ...there(), 'orders', ...all, ...format])
    expect(back).toMatchObject({ code: 0, stderr: 'consumed 1200\n' })
    const lines = back.stdout.trimEnd().split('\n')
    const read = lines.map(line => /^orders \[(\d)\] (\w+) (.*)$/.exec(line)!)
    const sent = readFileSync(orders, 'utf8').trimEnd().split('\n')
    expect(read.map(([, , , value]) => value).toSorted()).toEqual(sent.toSorted())
    expect(read.every(([, , key, value]) => JSON.parse(value!).user === key)).toBe(true)
    const places = new Map(read.map(([, partition, key]) => [key, partition]))
    expect(read.every(([, partition, key]) => places.get(key) === partition)).toBe(true)
  })

  it('keep every byte of standard input, in order: no text, empty lines, no newline at the end', async () => {
    const bytes = Buffer.concat([Buffer.from('a\r\n\n\xff é\n'), randomBytes(400_000)])
    const first = await posthaste(['produce', ...there(), 'bytes'], { stdin: bytes })
    expect(first).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^delivered \d+, failed 0\n$/),
    })
    const back = file('back', '')
    using consume = new Running(['consume', ...there(), 'bytes', ...all])
    const chunks: Buffer[] = []
    consume.child.stdout.on('data', chunk => chunks.push(chunk))
    expect(await consume.ended).toBe(0)
    writeFileSync(back, Buffer.concat(chunks))
    const expected = bytes.at(-1) === 0x0a ? bytes : Buffer.concat([bytes, Buffer.from('\n')])
    expect(Buffer.concat(chunks).equals(expected)).toBe(true)
  })

  it('take keys, headers, nulls and a partition, and show them as JSON', async () => {
    await cluster.createTopic('parts', { partitions: 3 })
    const input = 'ada\ttea\nbob\tNIL\nNIL\tmilk\n'
    const flags = [
      '--key-separator',
      '\\t',
      '-Z',
      'NIL',
      '-p',
      '2',
      '-H',
      'from=shop',
      '-H',
      'n=1=2',
    ]
    const made = await posthaste(['produce', ...there(), 'parts', '-', ...flags, '-v'], {
      stdin: input,
    })
    expect(made.code).toBe(0)
    expect(made.stderr).toBe('parts [2] @ 0\nparts [2] @ 1\nparts [2] @ 2\ndelivered 3, failed 0\n')
    const back = await posthaste(['consume', ...there(), 'parts', ...all, '--json', '-q'])
    expect(back.stderr).toBe('')
    const records = back.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const headers = [
      { key: 'from', value: 'shop' },
      { key: 'n', value: '1=2' },
    ]
    const place = { topic: 'parts', partition: 2, headers }
    expect(records).toMatchObject([
      { ...place, offset: 0, key: 'ada', value: 'tea' },
      { ...place, offset: 1, key: 'bob', value: null },
      { ...place, offset: 2, key: null, value: 'milk' },
    ])
  })

  it('tell of deliveries as JSON on standard output', async () => {
    const made = await posthaste(['produce', ...there(), 'told', '--json', '-v', '-q'], {
      stdin: 'x\n',
    })
    expect(made).toMatchObject({ code: 0, stderr: '' })
    expect(
      made.stdout
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([
      { topic: 'told', partition: 0, offset: 0, timestamp: expect.any(Number) },
      { delivered: 1, failed: 0 },
    ])
  })

  it('end after so many records, or after so long a silence', async () => {
    await posthaste(['produce', ...there(), 'counted'], { stdin: '1\n2\n3\n' })
    const some = ['consume', ...there(), 'counted', '--from-beginning']
    const two = await posthaste([...some, '--max-messages', '2'])
    expect(two).toEqual({ code: 0, stdout: '1\n2\n', stderr: 'consumed 2\n' })
    const none = await posthaste([...some, '--max-messages', '0'])
    expect(none).toEqual({ code: 0, stdout: '', stderr: 'consumed 0\n' })
    // Longer than a busy machine may take from one record to the next.
    const silent = await posthaste([...some, '--timeout', '5000'])
    expect(silent).toEqual({ code: 0, stdout: '1\n2\n3\n', stderr: 'consumed 3\n' })
  })

  it('go on in a group where it ended, with nothing twice and nothing left out', async () => {
    const input = Array.from({ length: 30 }, (_, i) => `${i}\n`)
    await posthaste(['produce', ...there(), 'shared'], { stdin: input.join('') })
    const member = ['consume', ...there(), 'shared', '--group', 'readers', '--from-beginning']
    const first = await posthaste([...member, '--max-messages', '10'])
    expect(first).toEqual({ code: 0, stdout: input.slice(0, 10).join(''), stderr: 'consumed 10\n' })
    const second = await posthaste([...member, '--exit-at-end'])
    expect(second).toEqual({ code: 0, stdout: input.slice(10).join(''), stderr: 'consumed 20\n' })
    const third = await posthaste([...member, '--timeout', '500'])
    expect(third).toEqual({ code: 0, stdout: '', stderr: 'consumed 0\n' })
    const other = await posthaste([...member, '--group', 'others', '--exit-at-end'])
    expect(other.stdout).toBe(input.join(''))
  })

  it('read what comes from now on, of several topics, until interrupted', async () => {
    await posthaste(['produce', ...there(), 'old'], { stdin: 'old\n' })
    await cluster.createTopic('fresh')
    using consume = new Running(['consume', ...there(), 'old', 'fresh', '--format', '%t:%v\\n'])
    // It has begun when what is sent shows up; what was sent too early is not its to show.
    await waitFor('a new record to be read', async () => {
      await posthaste(['produce', ...there(), 'fresh'], { stdin: 'new\n' })
      return consume.stdout.includes('fresh:new\n')
    })
    expect(consume.stdout).not.toContain('old:old')
    consume.child.kill('SIGINT')
    expect(await consume.ended).toBe(130)
    expect(consume.stderr).toMatch(/^consumed \d+\n$/)
  })

  it('take settings by -X, a properties file and the environment', async () => {
    const env = { ...process.env, KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers }
    const config = file('client.properties', 'compression.type=gzip\nclient.id=from-file\n')
    const flags = ['--command-config', config, '-X', 'linger.ms=1']
    const made = await posthaste(['produce', 'settled', ...flags], { stdin: 'x\n', env })
    expect(made).toMatchObject({ code: 0, stderr: 'delivered 1, failed 0\n' })
  })
})

describe('produce, where something is wrong', () => {
  it('counts bad lines as failed, names them, and delivers the others', async () => {
    const input = `a:1\nno separator\n${'x'.repeat(2_000_000)}\nb:2\n`
    const made = await posthaste(['produce', ...there(), 'partly', '--key-separator', ':'], {
      stdin: input,
    })
    expect(made.code).toBe(1)
    expect(made.stderr).toContain('standard input, line 2: has no ":" after its key\n')
    expect(made.stderr).toContain('line 3: the line has 2000000 bytes, more than max.request.size')
    expect(made.stderr).toMatch(/delivered 2, failed 2\n$/)
  })

  it('counts what the broker refuses as failed, and says why', async () => {
    cluster.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED', { times: 1 })
    const made = await posthaste(['produce', ...there(), 'refused'], { stdin: '1\n2\n' })
    expect(made.code).toBe(1)
    expect(made.stderr).toContain('TOPIC_AUTHORIZATION_FAILED')
    expect(made.stderr).toMatch(/delivered 0, failed 2\n$/)
  })

  it('delivers what it took when it is interrupted, and says how many', async () => {
    const full = ['--linger', '60000', '-X', 'batch.size=128']
    using produce = new Running(['produce', ...there(), 'cut', '-v', ...full])
    const lines = Array.from({ length: 10 }, (_, i) => `a line of some length, number ${i}`)
    produce.child.stdin.write(`${lines.join('\n')}\nhalf a li`)
    // A full batch goes at once; the last ones would linger for a minute.
    await waitFor('the first delivery', () => produce.stderr.includes('cut [0] @ 0\n'))
    produce.child.kill('SIGINT')
    expect(await produce.ended).toBe(130)
    expect(produce.stderr).toMatch(/interrupted: .*delivered 10, failed 0\n$/s)
    const back = await posthaste(['consume', ...there(), 'cut', ...all])
    expect(back.stdout).toBe(`${lines.join('\n')}\n`)
  })

  it('ends at once when it is interrupted again', async () => {
    await cluster.createTopic('stuck')
    const asked = new Promise<void>(resolve => {
      const swallow = () => {
        resolve()
        return 'drop' as const
      }
      cluster.intercept('Produce', swallow, { while: () => true })
    })
    try {
      using produce = new Running(['produce', ...there(), 'stuck'])
      produce.child.stdin.write('1\n')
      await asked
      produce.child.kill('SIGINT')
      await waitFor('the first to be heard', () => produce.stderr.includes('interrupted'))
      produce.child.kill('SIGINT')
      expect(await produce.ended).toBe(130)
      expect(produce.stderr).not.toMatch(/^delivered/m)
    } finally {
      cluster.clearFaults()
    }
  })
})

describe('a pipe whose reader goes away', () => {
  it('ends consume quietly', async () => {
    const input = 'a line that is repeated\n'.repeat(50_000)
    await posthaste(['produce', ...there(), 'long'], { stdin: input })
    using consume = new Running(['consume', ...there(), 'long', '--from-beginning'])
    consume.child.stdout.once('data', () => consume.child.stdout.destroy())
    expect(await consume.ended).toBe(0)
    expect(consume.stderr).toMatch(/^consumed \d+\n$/)
  })

  it('ends a list quietly', async () => {
    using topics = new Running(['topics', 'list', ...there()])
    topics.child.stdout.destroy()
    expect(await topics.ended).toBe(0)
    expect(topics.stderr).toBe('')
  })
})
