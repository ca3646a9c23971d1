import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Admin, Consumer, silentLogger } from '../../src/index.ts'
import { endBroker, startBroker } from '../broker/process.ts'
import { createTopic, dealt, produceAll, textOf } from '../contract/consuming.ts'
import { runKafkaTool } from '../kafka/cluster.ts'
import { kafkaPrograms } from '../kafka/jars.ts'
import { runJava } from '../kafka/java.ts'
import { describeWithKafka } from '../support/kafka.ts'
import { freePorts } from '../support/ports.ts'
import { waitFor } from '../support/wait.ts'

const PARTITIONS = 4
const RECORDS_A_PHASE = 400
const PHASES = 3
const RECORDS = RECORDS_A_PHASE * PHASES
const everyNumber = Array.from({ length: RECORDS_A_PHASE }, (_, i) => `${i}`)

/** A member of ours, which notes what it reads and what happens to its share. */
class Member {
  readonly consumer: Consumer
  readonly values: string[] = []
  readonly happened: string[] = []
  readonly #loop: Promise<void>

  constructor(servers: string, protocol: 'classic' | 'consumer') {
    this.consumer = new Consumer({
      'bootstrap.servers': servers,
      'group.id': `ours-${protocol}`,
      'group.protocol': protocol,
      'auto.offset.reset': 'earliest',
      logger: silentLogger,
      ...(protocol === 'classic' && { 'heartbeat.interval.ms': 300 }),
    })
    for (const name of ['assigned', 'revoked', 'lost'] as const) {
      this.consumer.on(name, slots => this.happened.push(`${name} ${slots.length}`))
    }
    this.#loop = this.#run()
  }

  async close(): Promise<void> {
    await this.consumer.close()
    await this.#loop
  }

  async #run(): Promise<void> {
    for await (const message of this.consumer) this.values.push(textOf(message))
  }
}

/** What a program of Kafka's says, one JSON object a line. */
function eventsIn(printed: string): Record<string, unknown>[] {
  const lines = printed.split('\n').filter(line => line.startsWith('{'))
  return lines.map((line): Record<string, unknown> => JSON.parse(line))
}

/** The kinds of a member's records, as Kafka numbers them. */
function recordsOf(dump: string, memberId: string): string[] {
  const lines = dump.split('\n').filter(line => line.includes(`"memberId":"${memberId}"}}`))
  return lines.map(line => {
    const kind = /key: {"type":"(\d+)"/.exec(line)?.[1]
    return `${kind} ${line.endsWith('<DELETE>') ? 'deleted' : 'written'}`
  })
}

/** Who has let go of partitions may not know yet that another member has them. */
function agree(group: readonly Member[]): boolean {
  return new Set(group.map(({ consumer }) => consumer.groupMetadata().generationId)).size === 1
}

describeWithKafka('a broker that comes back', () => {
  let folder: string
  let settings: string
  let port = 0
  const servers = () => `127.0.0.1:${port}`
  const produce = () =>
    produceAll(servers(), dealt('numbers', RECORDS_A_PHASE, PARTITIONS), { logger: silentLogger })

  beforeAll(async () => {
    await kafkaPrograms()
    folder = await mkdtemp(join(tmpdir(), 'posthaste-restart-'))
    settings = `${folder}.properties`
    // Java's client bootstraps anew while no broker can be reached (KIP-899), and forgets what it
    // knew of the topics; a classic leader that polls meanwhile takes that for a topic that has
    // lost its partitions, and has its group rebalance, whatever the broker has kept.
    await writeFile(settings, 'metadata.recovery.strategy=none\n')
    ;[port = 0] = await freePorts(1)
  })
  afterAll(async () => {
    for (const path of [folder, settings]) await rm(path, { recursive: true, force: true })
  })

  /** Reads all there will be as the one member of a group. */
  async function verifiable(protocol: 'classic' | 'consumer', signal: AbortSignal) {
    const args = [
      ...['--topic', 'numbers', '--group-id', `java-${protocol}`, '--verbose'],
      ...['--group-protocol', protocol, '--max-messages', String(RECORDS)],
      ...['--reset-policy', 'earliest', '--command-config', settings],
    ]
    const options = { signal }
    const { code, stdout } = await runKafkaTool(servers(), 'VerifiableConsumer', args, options)
    expect(code, stdout.slice(-2000)).toBe(0)
    return eventsIn(stdout)
  }

  /**
   * Whether Java's members have all partitions, and know it: the broker has a share on record
   * before its answer is read, but what a member has committed it was given before.
   */
  async function haveAll(): Promise<boolean> {
    using admin = new Admin({ 'bootstrap.servers': servers(), logger: silentLogger })
    const names = ['java-classic', 'java-consumer']
    const groups = await admin.groups.describe(names)
    const shares = groups.map(group => {
      if (group.is !== 'done' || !('members' in group.value)) return 0
      const assigned = group.value.members.flatMap(({ assignment }) => assignment)
      return assigned.flatMap(({ partitions }) => partitions).length
    })
    if (!shares.every(count => count === PARTITIONS)) return false
    const committed = await Promise.all(names.map(name => admin.groups.offsets(name)))
    const sums = committed.map(each => each.reduce((sum, { offset }) => sum + offset, 0))
    return sums.every(sum => sum === RECORDS_A_PHASE)
  }

  /** All records of Kafka's own reading of the groups' log in the folder. */
  async function dumped(): Promise<string> {
    const folders = (await readdir(folder)).filter(name => name.startsWith('__consumer_offsets-'))
    const logs: string[] = []
    for (const name of folders) {
      const files = await readdir(join(folder, name))
      logs.push(
        ...files.filter(file => file.endsWith('.log')).map(file => join(folder, name, file)),
      )
    }
    const args = ['--files', logs.join(','), '--offsets-decoder', '--print-data-log']
    const outcome = await runJava('DumpLogSegments', args)
    expect(outcome.code, outcome.stderr).toBe(0)
    return outcome.stdout
  }

  test('finds its groups as they were: nobody rebalances, offsets go on', {
    timeout: 180_000,
  }, async () => {
    const over = new AbortController()
    let broker = await startBroker(port, folder)
    await createTopic(servers(), 'numbers', PARTITIONS)
    await produce()
    const theirs = Promise.all([
      verifiable('classic', over.signal),
      verifiable('consumer', over.signal),
    ])
    // Where the test fails before it looks at them, they are called off.
    theirs.catch(() => {})
    const groups = (['classic', 'consumer'] as const).map(protocol =>
      Array.from({ length: 2 }, () => new Member(servers(), protocol)),
    )
    const members = groups.flat()
    try {
      await Promise.all(members.map(({ consumer }) => consumer.subscribe(['numbers'])))
      const shares = () => members.map(({ consumer }) => consumer.position().length)
      const read = () => groups.map(each => each.flatMap(({ values }) => values).length)
      const hasRead = (phases: number) => () =>
        read().every(count => count >= phases * RECORDS_A_PHASE)
      await waitFor('all to share', () => {
        return shares().every(count => count === PARTITIONS / 2) && groups.every(agree)
      })
      await waitFor('the first records', hasRead(1))
      await waitFor("Java's members to have their share", haveAll)
      const settled = () =>
        members.map(({ consumer, happened }) => [happened.join(), consumer.groupMetadata()])
      const before = settled()
      const endedAt = Date.now()

      for (const [i, signal] of (['SIGKILL', 'SIGTERM'] as const).entries()) {
        await endBroker(broker, signal)
        broker = await startBroker(port, folder)
        await produce()
        await waitFor(`the records after ${signal}`, hasRead(i + 2))
        await Promise.all(members.map(({ consumer }) => consumer.commit()))
      }
      expect(settled()).toEqual(before)
      for (const group of groups) {
        const values = group.flatMap(each => each.values)
        expect(values.sort()).toEqual(Array(PHASES).fill(everyNumber).flat().sort())
      }
      for (const events of await theirs) {
        const named = (name: string) => events.filter(each => each.name === name)
        const others = JSON.stringify(events.filter(each => each.name !== 'record_data'))
        // How often a member joins until it has its share is its own affair, by what it knows of
        // the topic and how busy the machine is; once the broker has been ended, none may.
        const assigned = named('partitions_assigned').map(({ timestamp }) => Number(timestamp))
        expect(assigned.length, others).toBeGreaterThan(0)
        expect(Math.max(...assigned), others).toBeLessThan(endedAt)
        expect(named('record_data')).toHaveLength(RECORDS)
      }
      const { memberId } = groups[1]![0]!.consumer.groupMetadata()
      await Promise.all(members.map(member => member.close()))
      await endBroker(broker)
      const records = recordsOf(await dumped(), memberId)
      // What it says of itself, what it is to have, what it has; all of it gone when it has left.
      expect(new Set(records)).toEqual(
        new Set(['5 written', '7 written', '8 written', '8 deleted', '7 deleted', '5 deleted']),
      )
    } finally {
      over.abort()
      await Promise.all(members.map(member => member.close()))
      await endBroker(broker)
    }
  })
})
