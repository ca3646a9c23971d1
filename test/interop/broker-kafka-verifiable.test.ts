import { afterAll, beforeAll, expect, it } from 'vitest'
import { handlerByKey } from '../../src/broker/handlers/index.ts'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { readBack } from '../contract/read-back.ts'
import { runKafkaTool, type ToolOptions } from '../kafka/cluster.ts'
import { describeWithKafka } from '../support/kafka.ts'

// Each step starts a Java program.
const SLOW = { timeout: 240_000 }
const RECORDS = 2_000
const DESCRIBE_ACLS = 29
const numbers = Array.from({ length: RECORDS }, (_, i) => i)
const ascending = (a: number, b: number) => a - b

/** The programs with which Kafka's own system tests look at brokers: each tells what it saw. */
describeWithKafka("the embedded broker and the programs of Kafka's system tests", () => {
  let cluster: EmbeddedCluster
  beforeAll(async () => {
    cluster = await EmbeddedCluster.start({ brokers: 3, logger: silentLogger })
    await cluster.createTopic('numbers', { partitions: 3 })
  })
  afterAll(() => cluster.stop())

  async function tool(name: string, args: readonly string[], options?: ToolOptions) {
    const outcome = await runKafkaTool(cluster.bootstrapServers, name, args, options)
    expect(outcome, outcome.stderr.slice(0, 3000)).toMatchObject({ code: 0 })
    return outcome.stdout
  }

  /** The events that a program prints, one JSON object a line. */
  async function events(name: string, args: readonly string[], options?: ToolOptions) {
    const printed = await tool(name, args, options)
    const lines = printed.split('\n').filter(line => line.startsWith('{'))
    return lines.map((line): Record<string, unknown> => JSON.parse(line))
  }

  it('acknowledges what VerifiableProducer sends', SLOW, async () => {
    const sent = await events('VerifiableProducer', [
      ...['--topic', 'numbers', '--max-messages', String(RECORDS), '--repeating-keys', '50'],
    ])
    const acked = sent.filter(({ name }) => name === 'producer_send_success')
    expect(acked.map(({ value }) => Number(value)).sort(ascending)).toEqual(numbers)
    expect(sent.at(-1)).toMatchObject({ name: 'tool_data', sent: RECORDS, acked: RECORDS })
    const places = acked.map(({ partition, offset, value }) => `${partition}/${offset}: ${value}`)
    const stored = await readBack(cluster.bootstrapServers, 'numbers')
    const found = stored.map(({ partition, offset, value }) => `${partition}/${offset}: ${value}`)
    expect(found.sort()).toEqual(places.sort())
  })

  it.each(['classic', 'consumer'])(
    'gives VerifiableConsumer each record once, and keeps its offsets: %s protocol',
    SLOW,
    async protocol => {
      const seen = await events('VerifiableConsumer', [
        ...['--topic', 'numbers', '--group-id', `verifiable-${protocol}`, '--verbose'],
        ...['--group-protocol', protocol, '--max-messages', String(RECORDS)],
      ])
      const values = seen.filter(({ name }) => name === 'record_data').map(each => each.value)
      expect(values).toHaveLength(RECORDS)
      expect(new Set(values).size).toBe(RECORDS)
      const committed = seen.filter(({ name }) => name === 'offsets_committed')
      expect(committed.length).toBeGreaterThan(0)
      expect(committed.every(({ success }) => success)).toBe(true)
      const assigned = seen.find(({ name }) => name === 'partitions_assigned')
      expect(assigned?.partitions).toHaveLength(3)
    },
  )

  it.each([
    ['of one partition', []],
    ['in a group', ['--group-mode', '--use-group-metadata']],
  ])(
    'lets TransactionalMessageCopier copy exactly once, %s, aborting at random',
    SLOW,
    async (_, mode) => {
      const isWhole = mode.length > 0
      const name = isWhole ? 'grouped' : 'assigned'
      // It writes each record to the partition that it was read from.
      await cluster.createTopic(`copy-${name}`, { partitions: 3 })
      const printed = await tool(
        'TransactionalMessageCopier',
        [
          ...['--broker-list', cluster.bootstrapServers, '--transactional-id', `copier-${name}`],
          ...['--input-topic', 'numbers', '--input-partition', '0', '--consumer-group', name],
          ...['--output-topic', `copy-${name}`, '--transaction-size', '100'],
          ...['--enable-random-aborts', ...mode],
        ],
        { bootstrap: false },
      )
      expect(printed).toContain('"remaining":0')
      const source = await readBack(cluster.bootstrapServers, 'numbers')
      const wanted = source.filter(({ partition }) => isWhole || partition === 0)
      const copied = await readBack(cluster.bootstrapServers, `copy-${name}`)
      expect(copied.length).toBeGreaterThan(RECORDS / 10)
      expect(copied.map(({ value }) => Number(value)).sort(ascending)).toEqual(
        wanted.map(({ value }) => Number(value)).sort(ascending),
      )
    },
  )

  it('has all that ClientCompatibilityTest asks of a new broker', SLOW, async () => {
    const supported = [
      ...['offsets-for-times', 'cluster-id', 'create-topics', 'describe-configs'],
      'idempotent-producer',
    ].flatMap(feature => [`--${feature}-supported`, 'True'])
    const printed = await tool('ClientCompatibilityTest', [
      ...['--topic', 'compatible', '--num-cluster-nodes', '3', ...supported],
      ...['--describe-acls-supported', handlerByKey.has(DESCRIBE_ACLS) ? 'True' : 'False'],
      ...['--expect-record-too-large-exception', 'False'],
    ])
    expect(printed).toContain('SUCCESS')
  })

  it('serves EndToEndLatency and ConsumerPerformance', SLOW, async () => {
    const servers = cluster.bootstrapServers
    const there = await tool('EndToEndLatency', [servers, 'latency', '100', 'all', '100'], {
      bootstrap: false,
    })
    expect(there).toMatch(/Percentiles: 50th = /)
    const read = await tool('ConsumerPerformance', [
      ...['--topic', 'numbers', '--num-records', String(RECORDS), '--timeout', '60000'],
    ])
    expect(read).toMatch(new RegExp(`, ${RECORDS}, `))
  })
})
