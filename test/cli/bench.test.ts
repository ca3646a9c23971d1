import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Admin } from '../../src/index.ts'
import { posthaste, Running } from './posthaste.ts'

let cluster: EmbeddedCluster
let admin: Admin
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ brokers: 2 })
  admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
})
afterAll(async () => {
  admin.close()
  await cluster.stop()
})

const bench = (...args: string[]) => ['bench', '-b', cluster.bootstrapServers, ...args]
const topics = async () => (await admin.topics.list()).map(({ name }) => name)
const own = async () => (await topics()).filter(name => name.startsWith('posthaste-bench-'))

describe('bench', () => {
  it('measures both ways, in figures that agree with each other, and leaves nothing behind', async () => {
    const args = bench('-n', '20000', '-s', '50', '--consume', '--json', '-z', 'gzip')
    const { code, stdout, stderr } = await posthaste(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [produce, consume] = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const whole = { records: 20_000, bytes: 1_000_000 }
    expect(produce).toMatchObject({ phase: 'produce', ...whole, failed: 0, retries: 0 })
    expect(consume).toMatchObject({ phase: 'consume', ...whole })
    for (const each of [produce, consume]) {
      expect(each.recordsPerSecond).toBeCloseTo(20_000 / each.seconds, 3)
      expect(each.megabytesPerSecond).toBeCloseTo(1 / each.seconds, 6)
      expect(each.cpuMicrosPerRecord).toBeCloseTo((each.cpuSeconds * 1e6) / 20_000, 3)
    }
    expect(produce.batchRecords.sum).toBe(20_000)
    expect(produce.deliveryLatencyMs.count).toBe(produce.batchRecords.count)
    // Words and numbers, neither noise nor one letter.
    expect(produce.compressionRatio).toBeGreaterThan(0.2)
    expect(produce.compressionRatio).toBeLessThan(0.8)
    expect(await own()).toEqual([])
  })

  it('prints a table, and keeps its topic where it is told to', async () => {
    const { code, stdout, stderr } = await posthaste(bench('-n', '500', '--keep'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^figure +produce\nrecords +500\nfailed +0\n/)
    const [kept] = await own()
    expect(stderr).toBe(`the records are in the topic ${kept}\n`)
    await admin.topics.delete([kept!])
  })

  it('writes to an existing topic only by its name, and reads only its own records back', async () => {
    await cluster.createTopic('load')
    const first = await posthaste(bench('-n', '700', '--topic', 'load', '-q'))
    expect(first.code).toBe(0)
    const more = bench('-n', '300', '--topic', 'load', '-q', '--consume', '--json')
    const second = await posthaste(more)
    expect(JSON.parse(second.stdout.trimEnd().split('\n')[1]!)).toMatchObject({ records: 300 })
    expect(await topics()).toContain('load')
    const missing = await posthaste(bench('--topic', 'laod'))
    expect(missing).toMatchObject({ code: 1, stdout: '' })
    expect(missing.stderr).toContain('there is no topic laod; did you mean load?')
  })

  it('neither fences a producer nor moves on a group that the settings name', async () => {
    const seen: string[] = []
    const look = (name: string) => () => {
      seen.push(name)
      return 'pass' as const
    }
    const always = { while: () => true }
    const fence = look('a fence')
    cluster.intercept(
      'InitProducerId',
      ({ transactionalId }) => (transactionalId === null ? 'pass' : fence()),
      always,
    )
    cluster.intercept('JoinGroup', look('a member'), always)
    cluster.intercept('OffsetCommit', look('a commit'), always)
    const named = ['-X', 'transactional.id=theirs', '-X', 'group.id=theirs']
    const { code } = await posthaste(bench('-n', '100', '--consume', '-q', ...named))
    cluster.clearFaults()
    expect({ code, seen }).toEqual({ code: 0, seen: [] })
  })

  it('counts what fails, and ends with 1', async () => {
    cluster.fail('Produce', 'INVALID_RECORD', { times: 1 })
    const { code, stdout, stderr } = await posthaste(bench('-n', '10', '--partitions', '1'))
    expect(code).toBe(1)
    expect(stdout).toMatch(/records +0\nfailed +10\n/)
    expect(stderr).toContain('INVALID_RECORD')
  })

  it('ends in order by Ctrl-C: what it took is delivered and told, and its topic goes', async () => {
    const sent = new Promise<void>(resolve => {
      const look = () => {
        resolve()
        return 'pass' as const
      }
      cluster.intercept('Produce', look, { while: () => true })
    })
    using running = new Running(bench('-n', '900000000'))
    await sent
    cluster.clearFaults()
    running.child.kill('SIGINT')
    expect(await running.ended).toBe(130)
    expect(running.stdout).toMatch(/^records +[\d,]+$/m)
    expect(await own()).toEqual([])
  })
})
