import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { beginKafkaTool, runKafkaTool } from '../kafka/cluster.ts'
import { kafkaPrograms } from '../kafka/jars.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

const RECORDS = 40
// Each step starts a Java program, some of them two.
const SLOW = 240_000

let cluster: EmbeddedCluster

async function tool(name: string, args: readonly string[], stdin?: string): Promise<string> {
  const options = stdin === undefined ? {} : { stdin }
  const outcome = await runKafkaTool(cluster.bootstrapServers, name, args, options)
  expect(outcome.stderr).not.toMatch(/exception|error/i)
  expect(`${outcome.stdout}${outcome.stderr}`, outcome.stderr).not.toMatch(/Error:/)
  return outcome.stdout
}

const groups = (...args: string[]) => tool('ConsumerGroupCommand', args)
/** The values that a console consumer reads as a member of a group. */
async function consume(group: string, count: number, ...more: string[]): Promise<string[]> {
  const printed = await tool('ConsoleConsumer', [
    ...['--topic', 'orders', '--group', group, '--max-messages', String(count)],
    ...['--consumer-property', 'auto.offset.reset=earliest', '--timeout-ms', '120000', ...more],
  ])
  return printed.split('\n').filter(line => line.startsWith('value '))
}

/** The rows of a table that a tool prints, by the names of its columns. */
function tableOf(text: string): Record<string, string>[] {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const head = lines.findIndex(line => line.startsWith('GROUP'))
  const names = lines[head]!.trim().split(/\s+/)
  return lines.slice(head + 1).map(line => {
    const cells = line.trim().split(/\s+/)
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
  })
}

async function offsetsOf(group: string): Promise<Record<string, string>> {
  const rows = tableOf(await groups('--describe', '--group', group))
  return Object.fromEntries(
    rows.map(row => [row.PARTITION, `${row['CURRENT-OFFSET']}/${row['LOG-END-OFFSET']}`]),
  )
}

/**
 * All that Kafka's own formatter makes of a group's records in `__consumer_offsets`. Read from
 * their partition alone: over the topic the program would be a group itself, and count the records
 * of that.
 */
async function kept(formatter: string, group: string): Promise<Kept[]> {
  const all = await cluster.records('__consumer_offsets')
  const partition = all.find(({ key }) => key?.includes(group))?.partition
  const { length } = all.filter(record => record.partition === partition)
  const { stdout } = await runKafkaTool(cluster.bootstrapServers, 'ConsoleConsumer', [
    ...['--topic', '__consumer_offsets', '--partition', String(partition)],
    ...['--offset', 'earliest', '--max-messages', String(length), '--timeout-ms', '120000'],
    ...['--formatter', `org.apache.kafka.tools.consumer.${formatter}`],
  ])
  const records = stdout.replaceAll('}{', '}\n{').split('\n')
  const own = records.filter(record => record.includes(`"${group}"`))
  return own.map((record): Kept => JSON.parse(record))
}

interface Kept {
  readonly value: {
    readonly data: { readonly generation?: number; readonly members?: readonly unknown[] }
  }
}

describeWithKafka("groups of Kafka's own programs on the embedded broker", () => {
  beforeAll(async () => {
    await kafkaPrograms()
    cluster = await EmbeddedCluster.start({ brokers: 3, logger: silentLogger })
    await cluster.createTopic('orders', { partitions: 2 })
    const lines = Array.from({ length: RECORDS }, (_, i) => `k${i}:value ${i}\n`).join('')
    const keyed = ['--property', 'parse.key=true', '--property', 'key.separator=:']
    await tool('ConsoleProducer', ['--topic', 'orders', ...keyed], lines)
  })
  afterAll(() => cluster.stop())

  test.each(['classic', 'consumer'])(
    'consume, resume, are described, reset and deleted: %s protocol',
    async protocol => {
      const group = `console-${protocol}`
      const settings = ['--consumer-property', `group.protocol=${protocol}`]
      const first = await consume(group, 10, ...settings)
      const second = await consume(group, RECORDS - 10, ...settings)
      expect(new Set([...first, ...second]).size).toBe(RECORDS)

      expect(await groups('--list', '--state')).toMatch(new RegExp(`${group}\\s+Empty`))
      const type = protocol === 'classic' ? 'Classic' : 'Consumer'
      expect(await groups('--list', '--type', type)).toMatch(group)
      const state = tableOf(await groups('--describe', '--group', group, '--state'))
      expect(state).toMatchObject([{ GROUP: group }])
      expect(JSON.stringify(state)).toMatch(/Empty/)
      const before = await offsetsOf(group)
      const ends = Object.values(before).map(each => each.split('/'))
      expect(ends.every(([current, end]) => current === end)).toBe(true)

      const reset = ['--reset-offsets', '--group', group, '--topic', 'orders', '--to-offset', '3']
      await groups(...reset, '--dry-run')
      expect(await offsetsOf(group)).toEqual(before)
      await groups(...reset, '--execute')
      const after = await offsetsOf(group)
      expect(Object.values(after).map(each => each.split('/')[0])).toEqual(['3', '3'])
      const again = await consume(group, RECORDS - 6, ...settings)
      expect(again).toHaveLength(RECORDS - 6)

      const deletion = ['--delete-offsets', '--group', group, '--topic', 'orders']
      expect(await groups(...deletion)).toMatch(/successful/i)
      expect(await groups('--delete', '--group', group)).toMatch(/successful/)
      expect(await groups('--list')).not.toMatch(group)
    },
    SLOW,
  )

  test(
    'are read from __consumer_offsets by Kafka itself',
    async () => {
      await consume('readable', 5)
      const offsets = await kept('OffsetsMessageFormatter', 'readable')
      expect(offsets.at(-1)).toMatchObject({
        key: { data: { group: 'readable', topic: 'orders' } },
        value: { version: 3, data: { metadata: '', offset: expect.any(Number) } },
      })
      // The program left without waiting for an answer.
      const states = await waitFor(
        'the group without its member to be kept',
        async () => {
          const found = await kept('GroupMetadataMessageFormatter', 'readable')
          return found.at(-1)?.value.data.members?.length === 0 && found
        },
        { limitMs: SLOW - 120_000 },
      )
      expect(states.at(-1)).toMatchObject({
        key: { data: { group: 'readable' } },
        value: { version: 3, data: { protocolType: 'consumer', members: [] } },
      })
      // How often the program joined before it had its share is its own affair.
      const joined = states.findLast(({ value }) => value.data.members?.length === 1)
      const generationOf = (state: Kept | undefined) => state?.value.data.generation
      expect(generationOf(joined)).toBeGreaterThan(0)
      expect(generationOf(states.at(-1))).toBeGreaterThan(generationOf(joined)!)
      const topics = await tool('TopicCommand', ['--list'])
      expect(topics.trim().split('\n').sort()).toEqual(['__consumer_offsets', 'orders'])
      const shown = await tool('TopicCommand', ['--list', '--exclude-internal'])
      expect(shown.trim()).toBe('orders')
    },
    SLOW,
  )

  test(
    'members are described while they are there',
    async () => {
      const reads = ['--topic', 'orders', '--group', 'live', '--from-beginning']
      const protocol = ['--consumer-property', 'group.protocol=consumer']
      const { bootstrapServers } = cluster
      await using _ = beginKafkaTool(bootstrapServers, 'ConsoleConsumer', [...reads, ...protocol])
      const describing = ['--describe', '--group', 'live', '--members', '--verbose']
      const rows = await waitFor(
        'the member to be there',
        async () => {
          const { stdout } = await runKafkaTool(
            bootstrapServers,
            'ConsumerGroupCommand',
            describing,
          )
          return stdout.includes('GROUP') ? tableOf(stdout) : undefined
        },
        { limitMs: SLOW - 30_000 },
      )
      expect(rows).toMatchObject([
        { GROUP: 'live', HOST: '/127.0.0.1', 'CLIENT-ID': 'console-consumer' },
      ])
    },
    SLOW,
  )
})
