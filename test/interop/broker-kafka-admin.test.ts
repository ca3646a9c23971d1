import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { EmbeddedCluster, type PushedTelemetry } from '../../src/broker/index.ts'
import { Producer } from '../../src/index.ts'
import { beginKafkaTool, runKafkaTool } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

// Each step starts a Java program.
vi.setConfig({ testTimeout: 240_000 })

describeWithKafka("the embedded broker and Kafka's own admin tools", () => {
  let cluster: EmbeddedCluster
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posthaste-tools-'))
    cluster = await EmbeddedCluster.start({ brokers: 2 })
    await cluster.createTopic('orders', { partitions: 2, replicationFactor: 2 })
  })
  afterAll(async () => {
    await cluster.stop()
    await rm(folder, { recursive: true })
  })

  /** Runs a tool that must succeed; gives all that it printed. */
  async function tool(name: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runKafkaTool(cluster.bootstrapServers, name, args)
    expect(`${code} ${stdout} ${stderr}`).toMatch(/^0 /)
    return stdout
  }

  async function file(name: string, content: unknown): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, JSON.stringify(content))
    return path
  }

  it('tells of log directories and of the quorum', async () => {
    const dirs = await tool('LogDirsCommand', '--describe', '--topic-list', 'orders')
    expect(dirs).toContain('"logDir":"memory"')
    expect(dirs).toContain('"partition":"orders-1"')
    const described = await tool('MetadataQuorumCommand', 'describe', '--status')
    expect(described).toMatch(/LeaderId:\s+1/)
  })

  it('moves partitions, and elects leaders', async () => {
    const partitions = [{ topic: 'orders', partition: 0, replicas: [2, 1] }]
    const plan = await file('plan.json', { version: 1, partitions })
    const args = ['--reassignment-json-file', plan]
    await tool('org.apache.kafka.tools.reassign.ReassignPartitionsCommand', ...args, '--execute')
    const verified = await tool(
      'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
      ...args,
      '--verify',
    )
    expect(verified).toContain('Reassignment of partition orders-0 is completed.')
    cluster.moveLeader('orders', 0, 1)
    const preferred = ['--election-type', 'preferred', '--all-topic-partitions']
    await tool('LeaderElectionCommand', ...preferred)
    expect(cluster.leader('orders', 0)).toBe(2)
  })

  it('tells and changes features', async () => {
    expect(await tool('FeatureCommand', 'describe')).toMatch(
      /transaction.version.*FinalizedVersionLevel: 2/,
    )
    const feature = ['--feature', 'transaction.version=1']
    expect(await tool('FeatureCommand', 'downgrade', ...feature)).toContain('downgraded to 1')
  })

  it('sets what holds for all brokers, and for a group', async () => {
    const brokers = ['--entity-type', 'brokers', '--entity-default']
    await tool(
      'kafka.admin.ConfigCommand',
      ...brokers,
      '--alter',
      '--add-config',
      'log.retention.ms=7',
    )
    const described = await tool('kafka.admin.ConfigCommand', ...brokers, '--describe')
    expect(described).toContain('log.retention.ms=7')
    const group = ['--entity-type', 'groups', '--entity-name', 'g']
    const interval = 'consumer.heartbeat.interval.ms=6000'
    await tool('kafka.admin.ConfigCommand', ...group, '--alter', '--add-config', interval)
    expect(await tool('kafka.admin.ConfigCommand', ...group, '--describe')).toContain(interval)
  })

  it("gets a Java consumer's metrics by subscription", async () => {
    const heard: PushedTelemetry[] = []
    using _ = { [Symbol.dispose]: cluster.onTelemetry(pushed => heard.push(pushed)) }
    const metrics = ['--generate-name', '--metrics', '*', '--interval', '200']
    await tool(
      'ClientMetricsCommand',
      '--alter',
      ...metrics,
      '--match',
      'client_software_name=.*java',
    )
    expect(await tool('ClientMetricsCommand', '--list')).not.toBe('')
    const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    // Whatever holds for all brokers, its one record stays.
    await cluster.createTopic('metered', { config: { 'retention.ms': '-1' } })
    const until = ['--topic', 'metered', '--from-beginning', '--max-messages', '1']
    await using read = beginKafkaTool(cluster.bootstrapServers, consumer, until)
    await waitFor('two pushes', () => heard.length > 1, { limitMs: 200_000 })
    await using producer = new Producer({ 'bootstrap.servers': cluster.bootstrapServers })
    await producer.send({ topic: 'metered', value: 'enough' })
    expect((await read.outcome).stdout).toBe('enough\n')
    // It does not wait for an answer to its last.
    await waitFor('the last push', () => heard.at(-1)?.isTerminating)
    // OTLP holds the names of metrics as they are.
    expect(heard[0]!.metrics.toString('latin1')).toContain('org.apache.kafka.consumer.')
  })
})
