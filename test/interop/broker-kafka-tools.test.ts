import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Producer } from '../../src/index.ts'
import { beginKafkaTool, runKafkaTool, type ToolOptions } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

// Each step starts a Java program.
vi.setConfig({ testTimeout: 240_000 })

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

  it('takes records from the console producer, which its consumer gets', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `key-${i % 7}:value ${i}`)
    const parse = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:']
    await cluster.createTopic('console')
    const codec = ['--compression-codec', 'zstd']
    await tool('ConsoleProducer', ['--topic', 'console', ...parse, ...codec], {
      stdin: `${lines.join('\n')}\n`,
    })
    const from = ['--topic', 'console', '--partition', '0', '--offset', 'earliest']
    const print = ['--formatter-property', 'print.key=true']
    const until = ['--max-messages', '300', '--timeout-ms', '120000']
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
    /** Of each session that was made, the requests that went on with it. */
    const kept = () =>
      [...epochs].filter(([id]) => id !== 0).map(([, all]) => all.filter(epoch => epoch > 0))
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
    const until = ['--max-messages', String(lines.length + 1)]
    const small = ['--command-property', 'max.partition.fetch.bytes=100']
    const args = ['--topic', 'sessions', '--from-beginning', ...until, ...small]
    await using read = beginKafkaTool(cluster.bootstrapServers, name, args)
    // One a broker, and each goes on from request to request, until the last record ends it.
    const goOn = () => kept().length === 2 && kept().every(all => all.length > 3)
    await waitFor('both sessions to go on', goOn, { limitMs: 200_000 })
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    await producer.send({ topic: 'sessions', value: 'the last' })
    const { code, stdout } = await read.outcome
    isWatching = false
    const all = [...lines, 'the last'].sort()
    expect([code, stdout.trim().split('\n').sort()]).toEqual([0, all])
    expect(kept()).toHaveLength(2)
    for (const all of kept()) expect(all).toEqual(all.map((_, i) => i + 1))
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
