import { afterAll, beforeAll, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { runKafkaTool, type ToolOptions } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'

describeWithKafka("the embedded broker and Kafka's own tools", () => {
  let cluster: EmbeddedCluster

  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ brokers: 2 })
  })
  afterAll(() => cluster.stop())

  /** Runs a tool that must succeed; gives the lines that it printed. */
  async function tool(name: string, args: readonly string[], options: ToolOptions = {}) {
    const { code, stdout, stderr } = await runKafkaTool(
      cluster.bootstrapServers,
      name,
      args,
      options,
    )
    expect(`${code} ${stderr}`).toMatch(/^0 /)
    return stdout.trim().split('\n')
  }

  it('creates, describes, lists and deletes topics', async () => {
    const config = ['--config', 'retention.ms=1000000']
    const numbers = ['--partitions', '3', '--replication-factor', '2']
    await tool('TopicCommand', ['--create', '--topic', 'made', ...numbers, ...config])
    const described = await tool('TopicCommand', ['--describe', '--topic', 'made'])
    expect(described[0]).toMatch(/PartitionCount: 3\s+ReplicationFactor: 2.*retention.ms=1000000/)
    expect(described[1]).toMatch(
      /Partition: 0\s+Leader: [12]\s+Replicas: [12],[12]\s+Isr: [12],[12]/,
    )
    expect(await tool('TopicCommand', ['--list'])).toContain('made')
    await tool('TopicCommand', ['--delete', '--topic', 'made'])
    expect(await tool('TopicCommand', ['--list'])).not.toContain('made')
  })

  it('gets the error that Kafka gives when a topic can not be', async () => {
    const args = ['--create', '--topic', 'a', '--replication-factor', '9', '--partitions', '1']
    const { code, stdout } = await runKafkaTool(cluster.bootstrapServers, 'TopicCommand', args)
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('Unable to replicate the partition 9 time'),
    ])
  })

  it('takes records from the console producer and gives them to the console consumer', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `key-${i % 7}:value ${i}`)
    const parse = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:']
    await cluster.createTopic('console')
    const codec = ['--compression-codec', 'zstd']
    await tool('ConsoleProducer', ['--topic', 'console', ...parse, ...codec], {
      stdin: `${lines.join('\n')}\n`,
    })
    const from = ['--topic', 'console', '--partition', '0', '--offset', 'earliest']
    const print = ['--formatter-property', 'print.key=true']
    const until = ['--max-messages', '300', '--timeout-ms', '20000']
    const name = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const read = await tool(name, [...from, ...print, ...until])
    expect(read).toEqual(lines.map(line => line.replace(':', '\t')))
    expect(await tool('GetOffsetShell', ['--topic', 'console'])).toEqual(['console:0:300'])
    expect(await tool('GetOffsetShell', ['--topic', 'console', '--time', '-2'])).toEqual([
      'console:0:0',
    ])
  })

  it('keeps the fetch sessions of a Java consumer', async () => {
    await cluster.createTopic('sessions', { partitions: 4 })
    const lines = Array.from({ length: 200 }, (_, i) => `value ${i}`)
    await tool('ConsoleProducer', ['--topic', 'sessions'], { stdin: `${lines.join('\n')}\n` })
    const epochs = new Map<number, number[]>()
    let isWatching = true
    const watch = { while: () => isWatching }
    cluster.intercept(
      'Fetch',
      ({ sessionId, sessionEpoch }) => {
        epochs.set(sessionId, [...(epochs.get(sessionId) ?? []), sessionEpoch])
        return 'pass'
      },
      watch,
    )
    const name = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const from = ['--topic', 'sessions', '--from-beginning', '--timeout-ms', '3000']
    const small = ['--command-property', 'max.partition.fetch.bytes=100']
    const { code, stdout } = await runKafkaTool(cluster.bootstrapServers, name, [...from, ...small])
    isWatching = false
    expect([code, stdout.trim().split('\n').sort()]).toEqual([expect.any(Number), lines.sort()])
    // One a broker, and each goes on from request to request.
    const kept = [...epochs].filter(([id]) => id !== 0).map(([, all]) => all.filter(e => e > 0))
    expect(kept).toHaveLength(2)
    for (const all of kept) expect(all).toEqual(all.map((_, i) => i + 1))
    expect(Math.min(...kept.map(all => all.length))).toBeGreaterThan(3)
  })

  it('tells its settings and its id', async () => {
    await cluster.createTopic('set', { config: { 'max.message.bytes': '5000' } })
    const describe = ['--describe', '--entity-type', 'topics', '--entity-name', 'set']
    const configs = await tool('kafka.admin.ConfigCommand', describe)
    expect(configs.join('\n')).toContain('max.message.bytes=5000')
    const id = await tool('ClusterTool', [
      'cluster-id',
      '--bootstrap-server',
      cluster.bootstrapServers,
    ])
    expect(id).toEqual([`Cluster ID: ${cluster.clusterId}`])
  })
})
