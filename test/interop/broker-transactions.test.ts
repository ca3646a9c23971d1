import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { readBack } from '../contract/read-back.ts'
import { runKafkaTool } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'

// Each step starts a Java program.
const SLOW = { timeout: 240_000 }

describeWithKafka("the embedded broker's transactions and Kafka's own tools", () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ brokers: 2, logger: silentLogger })
  })
  afterAll(() => cluster.stop())

  /** Runs a tool that must succeed; gives its lines, cut into their columns. */
  async function tool(name: string, args: readonly string[]) {
    const { code, stdout, stderr } = await runKafkaTool(cluster.bootstrapServers, name, args)
    expect(`${code} ${stderr}`).toMatch(/^0 /)
    return stdout
      .trim()
      .split('\n')
      .map(line => line.trim().split(/\s+/))
  }

  const make = (transactionalId: string) =>
    new Producer({
      'bootstrap.servers': cluster.bootstrapServers,
      'transactional.id': transactionalId,
      // What is open stays so, however long Java takes to look at it.
      'transaction.timeout.ms': 600_000,
      logger: silentLogger,
    })

  it('shows what is open to TransactionsCommand', SLOW, async () => {
    await cluster.createTopic('open', { partitions: 2 })
    await using producer = make('shown')
    await producer.transaction(tx => tx.send({ topic: 'open', partition: 0, value: 'before' }))
    producer.beginTransaction()
    const { offset } = await producer.send({ topic: 'open', partition: 0, value: 'open' })
    const [, listed] = await tool('TransactionsCommand', ['list'])
    expect(listed).toEqual(['shown', expect.stringMatching(/^[12]$/), '0', 'Ongoing'])
    expect(
      await tool('TransactionsCommand', ['list', '--transactional-id-pattern', 'x.*']),
    ).toHaveLength(1)
    expect(
      await tool('TransactionsCommand', ['list', '--duration-filter', '3600000']),
    ).toHaveLength(1)
    const [, described] = await tool('TransactionsCommand', [
      'describe',
      '--transactional-id',
      'shown',
    ])
    expect(described!.slice(1, 7)).toEqual([
      'shown',
      '0',
      '1',
      'Ongoing',
      '600000',
      expect.anything(),
    ])
    expect(described!.at(-1)).toBe('open-0')
    const place = ['--topic', 'open', '--partition', '0']
    const [, written] = await tool('TransactionsCommand', ['describe-producers', ...place])
    expect(written!.slice(0, 3)).toEqual(['0', '1', expect.stringMatching(/^\d+$/)])
    expect(written!.at(-1)).toBe(String(offset))
    const hanging = await tool('TransactionsCommand', ['find-hanging', '--broker-id', '1'])
    expect(hanging).toHaveLength(1)
    await producer.commitTransaction()
    const [, after] = await tool('TransactionsCommand', ['describe', '--transactional-id', 'shown'])
    expect(after).toContain('CompleteCommit')
  })

  it('aborts for TransactionsCommand what would hang', SLOW, async () => {
    await cluster.createTopic('hanging')
    await using producer = make('hangs')
    await producer.initTransactions()
    producer.beginTransaction()
    const { offset } = await producer.send({ topic: 'hanging', value: 'v' })
    const place = ['--topic', 'hanging', '--partition', '0', '--start-offset', String(offset)]
    await tool('TransactionsCommand', ['abort', ...place])
    expect(await readBack(cluster.bootstrapServers, 'hanging')).toEqual([])
  })

  it('runs ProducerPerformance with transactions', SLOW, async () => {
    await cluster.createTopic('perf', { partitions: 3 })
    const args = ['--topic', 'perf', '--num-records', '20000', '--record-size', '100']
    const speed = ['--throughput', '-1', '--transaction-duration-ms', '100']
    const { code, stdout, stderr } = await runKafkaTool(
      cluster.bootstrapServers,
      'ProducerPerformance',
      [...args, ...speed, '--transactional-id', 'perf'],
    )
    expect(`${code} ${stderr}`).toMatch(/^0 /)
    expect(stdout).toContain('20000 records sent')
    expect(await readBack(cluster.bootstrapServers, 'perf')).toHaveLength(20_000)
  })

  it('adds partitions and alters settings', SLOW, async () => {
    await cluster.createTopic('changed')
    await tool('TopicCommand', ['--alter', '--topic', 'changed', '--partitions', '3'])
    const topic = ['--entity-type', 'topics', '--entity-name', 'changed']
    const added = ['--add-config', 'retention.ms=5000,cleanup.policy=[compact,delete]']
    await tool('kafka.admin.ConfigCommand', ['--alter', ...topic, ...added])
    await tool('kafka.admin.ConfigCommand', [
      '--alter',
      ...topic,
      '--delete-config',
      'retention.ms',
    ])
    const described = await tool('TopicCommand', ['--describe', '--topic', 'changed'])
    expect(described[0]!.join(' ')).toMatch(/PartitionCount: 3 .*cleanup.policy=compact,delete/)
    expect(described[0]!.join(' ')).not.toContain('retention.ms')
    const { code, stderr, stdout } = await runKafkaTool(
      cluster.bootstrapServers,
      'kafka.admin.ConfigCommand',
      ['--alter', ...topic, '--add-config', 'retention.ms=soon'],
    )
    expect(code).not.toBe(0)
    expect(stderr + stdout).toContain('Invalid value soon for configuration retention.ms')
  })

  it('deletes records', SLOW, async () => {
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    for (const value of ['a', 'b', 'c']) await producer.send({ topic: 'cut', value })
    const folder = await mkdtemp(join(tmpdir(), 'posthaste-cut-'))
    const file = join(folder, 'offsets.json')
    const partitions = [{ topic: 'cut', partition: 0, offset: 2 }]
    await writeFile(file, JSON.stringify({ version: 1, partitions }))
    const printed = await tool('DeleteRecordsCommand', ['--offset-json-file', file])
    expect(printed.at(-1)).toEqual(['partition:', 'cut-0', 'low_watermark:', '2'])
    expect(await tool('GetOffsetShell', ['--topic', 'cut', '--time', '-2'])).toEqual([['cut:0:2']])
    await rm(folder, { recursive: true })
  })
})
