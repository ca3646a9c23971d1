import { beforeAll, expect, test } from 'vitest'
import { describeWithKafka, freshName, type SharedKafka, sharedKafka } from '../support/kafka.ts'
import { run } from '../support/run.ts'
import { waitFor } from '../support/wait.ts'
import { startKafka } from './cluster.ts'
import { brokersKnownTo } from './probe.ts'

describeWithKafka('the shared cluster', () => {
  let kafka: SharedKafka
  beforeAll(async () => {
    kafka = await sharedKafka()
  })

  test('holds three brokers that know each other', async () => {
    const ports = kafka.bootstrapServers.split(',').map(address => Number(address.split(':')[1]))
    for (const port of ports) await waitFor(`all at ${port}`, () => knows(port, 1, 2, 3))
  })

  test("takes records from Kafka's console producer and gives them to its consumer", async () => {
    const topic = freshName('console')
    const written = await kafka.tool('ConsoleProducer', ['--topic', topic], { stdin: 'a\nb\n' })
    expect(written).toMatchObject({ code: 0 })
    const all = ['--topic', topic, '--from-beginning', '--max-messages', '2']
    const read = await kafka.tool('ConsoleConsumer', [...all, '--timeout-ms', '120000'])
    expect(read.stdout.split('\n').filter(Boolean).toSorted()).toEqual(['a', 'b'])
  }, 180_000)
})

describeWithKafka('a cluster of its own', () => {
  test('can be frozen, thawed, killed and brought back with its data', async () => {
    await using kafka = await startKafka({ brokers: 1, heapMb: 256 })
    const broker = kafka.brokers[0]!
    await kafka.tool('TopicCommand', ['--create', '--topic', 'kept'])

    await broker.freeze()
    expect(await brokersKnownTo('127.0.0.1', broker.port, 500)).toBeUndefined()
    broker.thaw()
    // Frozen for long, it must have its lease renewed before it names itself.
    await waitFor('the broker to go on', () => knows(broker.port, 1))

    const { pid } = broker
    await broker.kill('SIGKILL')
    expect(broker.running).toBe(false)
    await broker.restart()
    expect(broker.pid).not.toBe(pid)
    const topics = await kafka.tool('TopicCommand', ['--list'])
    expect(topics.stdout).toBe('kept\n')
  }, 180_000)

  test('takes settings of the test, and of the format', async () => {
    await using kafka = await startKafka({
      heapMb: 256,
      config: ({ id }) => ({ 'num.partitions': 4, 'broker.rack': `shelf-${id}` }),
      format: ['--feature', 'transaction.version=1'],
    })
    const features = await kafka.tool('FeatureCommand', ['describe'])
    expect(features.stdout).toMatch(/transaction\.version.*FinalizedVersionLevel: 1\b/)
    const settings = ['--describe', '--all', '--entity-type', 'brokers', '--entity-name', '1']
    const described = await kafka.tool('ConfigCommand', settings)
    expect(described.stdout).toMatch(/\bnum\.partitions=4 /)
    expect(described.stdout).toMatch(/\bbroker\.rack=shelf-1 /)
  }, 180_000)

  test('ends with the process that started it, even when that is killed', async () => {
    const program = `
      import { startKafka } from './test/kafka/cluster.ts'
      startKafka({ heapMb: 256 }).then(kafka => {
        console.log(kafka.brokers[0].pid)
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100)
      })`
    const { stdout } = await run('node', ['--import', 'tsx', '--input-type=module', '-e', program])
    const pid = Number(stdout)
    expect(pid).toBeGreaterThan(0)
    await waitFor('the broker to end', () => !isAlive(pid))
  }, 180_000)
})

test.each([
  [['--brokers', '0'], '--brokers'],
  [['--prot', '1'], 'Did you mean --port?'],
  [['--config', 'novalue'], 'key=value'],
])('npm run kafka refuses %j with exit code 2', async (args, says) => {
  const outcome = await run('node', ['--import', 'tsx', 'scripts/kafka.ts', ...args])
  expect(outcome.code).toBe(2)
  expect(outcome.stderr).toContain(says)
})

async function knows(port: number, ...ids: number[]): Promise<boolean> {
  const known = await brokersKnownTo('127.0.0.1', port)
  return known?.toSorted().join() === ids.join()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
