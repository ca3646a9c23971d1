import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { posthaste } from '../cli/posthaste.ts'
import { root } from '../support/cache.ts'
import { describeWithKafka, freshName, type SharedKafka, sharedKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait.ts'

const orders = join(root, 'examples/orders.jsonl')

describeWithKafka("the command line beside Kafka's own", () => {
  let kafka: SharedKafka
  beforeAll(async () => {
    kafka = await sharedKafka()
  })
  const there = () => ['-b', kafka.bootstrapServers]

  it('makes a topic that Kafka describes, produces a file that Kafka reads back whole', async () => {
    const topic = freshName('cli-orders')
    const shape = ['--partitions', '3', '--replication-factor', '3']
    const config = ['--config', 'retention.ms=86400000']
    const made = await posthaste(['topics', 'create', topic, ...shape, ...config, ...there()])
    expect(made).toEqual({ code: 0, stdout: `created ${topic}\n`, stderr: '' })
    const described = await kafka.tool('TopicCommand', ['--describe', '--topic', topic])
    expect(described.stdout).toMatch(/PartitionCount: 3\s+ReplicationFactor: 3/)
    expect(described.stdout).toContain('retention.ms=86400000')

    const flags = ['--key-field', 'user', '-z', 'zstd']
    const sent = await posthaste(['produce', topic, orders, ...flags, ...there()])
    expect(sent).toEqual({ code: 0, stdout: '', stderr: 'delivered 1200, failed 0\n' })

    const shown = ['--from-beginning', '--max-messages', '1200', '--timeout-ms', '60000']
    const keys = ['--formatter-property', 'print.key=true']
    const read = await kafka.tool('ConsoleConsumer', ['--topic', topic, ...shown, ...keys])
    const records = read.stdout
      .trimEnd()
      .split('\n')
      .map(line => line.split('\t'))
    const lines = readFileSync(orders, 'utf8').trimEnd().split('\n')
    expect(records.map(([, value]) => value).toSorted()).toEqual(lines.toSorted())
    expect(records.every(([key, value]) => JSON.parse(value!).user === key)).toBe(true)

    const gone = await posthaste(['topics', 'delete', topic, ...there()])
    expect(gone).toMatchObject({ code: 0, stdout: `deleted ${topic}\n` })
  })

  it("reads what Kafka's console producer wrote", async () => {
    const topic = freshName('cli-console')
    await posthaste(['topics', 'create', topic, '--partitions', '2', ...there()])
    const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true']
    const nulls = ['--reader-property', 'null.marker=NIL', '--compression-codec', 'snappy']
    const stdin = 'h1:a,h2:b\tada\t{"amount":1}\nh1:ü\tNIL\tno key\nh1:\tbob\tNIL\n'
    const wrote = await kafka.tool('ConsoleProducer', ['--topic', topic, ...keyed, ...nulls], {
      stdin,
    })
    expect(wrote.code).toBe(0)

    const all = ['--from-beginning', '--exit-at-end', '-q']
    const read = await posthaste(['consume', topic, ...all, '--json', ...there()])
    const records = read.stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    const byValue = new Map(records.map(record => [record.value, record]))
    expect(byValue.get('{"amount":1}')).toMatchObject({
      key: 'ada',
      headers: [
        { key: 'h1', value: 'a' },
        { key: 'h2', value: 'b' },
      ],
    })
    expect(byValue.get('no key')).toMatchObject({ key: null, headers: [{ key: 'h1', value: 'ü' }] })
    expect(byValue.get(null)).toMatchObject({ key: 'bob', headers: [{ key: 'h1', value: '' }] })
    expect(records).toHaveLength(3)

    await posthaste(['topics', 'delete', topic, ...there()])
  })

  it('alters a topic as Kafka sees it', async () => {
    const topic = freshName('cli-altered')
    await posthaste(['topics', 'create', topic, '--config', 'retention.ms=1000', ...there()])
    const changes = ['--partitions', '4', '--config', 'cleanup.policy=compact']
    const back = ['--delete-config', 'retention.ms']
    const altered = await posthaste(['topics', 'alter', topic, ...changes, ...back, ...there()])
    expect(altered).toEqual({ code: 0, stdout: `altered ${topic}\n`, stderr: '' })
    // The controller has altered it; whichever broker is asked hears of that in its own time.
    const described = await waitFor('Kafka to see it', async () => {
      const { stdout } = await kafka.tool('TopicCommand', ['--describe', '--topic', topic])
      const isNew = stdout.includes('PartitionCount: 4') && !stdout.includes('retention.ms=1000')
      return isNew && stdout
    })
    expect(described).toContain('cleanup.policy=compact')
    const fewer = await posthaste(['topics', 'alter', topic, '--partitions', '2', ...there()])
    expect(fewer.code).toBe(1)
    expect(fewer.stderr).toContain('INVALID_PARTITIONS')
    await posthaste(['topics', 'delete', topic, ...there()])
  })
})
