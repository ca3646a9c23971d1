import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Admin, Consumer, orThrow } from '../../src/index.ts'
import { createTopic, dealt, produceAll, textOf } from '../contract/consuming.ts'
import { kafkaClasspath } from '../kafka/jars.ts'
import { pythonWithClients } from '../python/venv.ts'
import { freshName, sharedKafka } from '../support/kafka.ts'
import { lacks } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

const javaStrategies: Readonly<Record<string, string>> = {
  range: 'org.apache.kafka.clients.consumer.RangeAssignor',
  'cooperative-sticky': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
}

/** Another program's member: its values are the lines that it prints. */
class ForeignMember {
  readonly values: string[] = []
  readonly #child: ChildProcess
  #rest = ''

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child.stdout?.on('data', chunk => {
      const lines = `${this.#rest}${chunk}`.split('\n')
      this.#rest = lines.pop() ?? ''
      this.values.push(...lines)
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const over = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await over
  }
}

// Two programs join a group, one after the other, and leave it.
const SLOW = { timeout: 300_000 }
const wait = { limitMs: 120_000 }

describe.skipIf(lacks('java', 'mvn', 'python3'))("in a group with others' members", () => {
  let servers: string
  let python: string
  let classpath: string
  beforeAll(async () => {
    servers = (await sharedKafka()).bootstrapServers
    python = await pythonWithClients()
    classpath = await kafkaClasspath()
  })

  const librdkafka = (group: string, topic: string, strategy: string) =>
    new ForeignMember(python, [
      join(import.meta.dirname, 'consumer', 'member.py'),
      servers,
      group,
      topic,
      strategy,
    ])

  const java = (group: string, topic: string, strategy: string) => {
    const properties = {
      'partition.assignment.strategy': javaStrategies[strategy],
      'auto.offset.reset': 'earliest',
      'heartbeat.interval.ms': 200,
    }
    const settings = Object.entries(properties).flatMap(each => [
      '--command-property',
      each.join('='),
    ])
    const program = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const args = ['--bootstrap-server', servers, '--topic', topic, '--group', group, ...settings]
    return new ForeignMember('java', ['-Xmx128m', '-cp', classpath, program, ...args])
  }

  const strategies = ['range', 'cooperative-sticky']
  test.each(strategies)(
    '%s: all is shared, taken over, and resumed where it was',
    SLOW,
    async strategy => {
      const topic = freshName(`mixed-${strategy}`)
      await createTopic(servers, topic, 6)
      let produced = 0
      const produce = async (count: number) => {
        const records = dealt(topic, count, 6).map(each => ({ ...each, value: `${produced++}` }))
        await produceAll(servers, records)
      }
      const values: string[] = []
      const consumer = new Consumer({
        'bootstrap.servers': servers,
        'group.id': topic,
        'auto.offset.reset': 'earliest',
        'heartbeat.interval.ms': 200,
        'partition.assignment.strategy': strategy,
      })
      await consumer.subscribe([topic])
      const loop = (async () => {
        for await (const message of consumer) values.push(textOf(message))
      })()
      const others = [librdkafka(topic, topic, strategy), java(topic, topic, strategy)]
      try {
        // Ours may have its share when another has not let go of one yet, and would read on.
        await waitFor('three shares', () => isShared(servers, topic, [2, 2, 2]), wait)
        await produce(600)
        const all = () => [...values, ...others.flatMap(member => member.values)]
        await waitFor('all records', () => all().length === 600, wait)
        expect(new Set(all()).size).toBe(600)
        for (const member of others) expect(member.values.length).toBe(200)
        for (const member of others) await member.stop()
        await waitFor('the take-over', () => consumer.position().length === 6, wait)
        await produce(60)
        await waitFor('the rest', () => all().length === 660, wait)
        await consumer.close()
        await loop
        const heir = librdkafka(topic, topic, strategy)
        others.push(heir)
        await produce(6)
        await waitFor('what is new', () => heir.values.length === 6, wait)
        expect([...heir.values].sort()).toEqual(['660', '661', '662', '663', '664', '665'])
      } finally {
        for (const member of others) await member.stop()
        await consumer.close()
      }
    },
  )
})

/** Whether a group is at rest and its members have shares of these sizes. */
async function isShared(servers: string, name: string, sizes: number[]): Promise<boolean> {
  using admin = new Admin({ 'bootstrap.servers': servers })
  const [found] = await admin.groups.describe([name])
  // Nobody has joined yet.
  if (found!.is === 'failed') return false
  const group = orThrow(found!)
  const shares = group.members.map(({ assignment }) =>
    assignment.reduce((sum, { partitions }) => sum + partitions.length, 0),
  )
  return group.state === 'Stable' && shares.join() === sizes.join()
}
