import { expect, test } from 'vitest'
import { randomBelow } from '../../src/base/random.ts'
import { Consumer, silentLogger, stringDeserializer } from '../../src/index.ts'
import { disturb, makeWorld, type World } from './world.ts'

const TOPIC = 'day'
const PARTITIONS = 3
const STEP_MS = 10_000
const HOURS = Number(process.env.HOURS ?? 24)
const HOUR_MS = 3_600_000
const MOST_MEMBERS = 3

/** What the programs of the day share, and what became of it. */
interface Day {
  readonly world: World
  readonly acknowledged: string[]
  readonly seen: Set<string>
  /** What is left of it at the end of the day. */
  readonly left: Set<string>
  readonly broken: string[]
  readonly members: Consumer<Buffer | null, string | null>[]
  readonly closing: Promise<unknown>[]
  joined: number
}

test('a day of a cluster: brokers and members come and go, records pass through', {
  timeout: 300_000,
}, async () => {
  const world = await makeWorld(24, PARTITIONS)
  world.storm = false
  const config = { 'retention.ms': String(HOUR_MS), 'segment.ms': String(HOUR_MS / 6) }
  await world.cluster.createTopic(TOPIC, { partitions: PARTITIONS, config })
  const day: Day = {
    world,
    acknowledged: [],
    seen: new Set(),
    left: new Set(),
    broken: [],
    members: [],
    closing: [],
    joined: 0,
  }
  await live(day)
  expect(day.broken).toEqual([])
  expect(day.acknowledged.length).toBeGreaterThan(HOURS * 300)
  expect(day.joined).toBeGreaterThan(HOURS)
  expect(day.acknowledged.filter(value => !day.seen.has(value))).toEqual([])
  // Two hours' worth at most: retention goes by whole segments, and by the latest record in them.
  expect(day.left.size).toBeGreaterThan(0)
  expect(day.left.size).toBeLessThan((day.acknowledged.length * 2) / HOURS + 1)
  const { cluster, clock } = world
  expect(cluster.counters.failedRequests).toBe(0)
  expect(cluster.brokers.map(({ connections }) => connections)).toEqual([0, 0, 0])
  // Sleepers that nobody wakes would add up in a day.
  expect(clock.pending).toBeLessThan(30)
  await cluster.stop()
})

async function live(day: Day): Promise<void> {
  const { world } = day
  const { clock, random, cluster } = world
  const producer = world.producer({ 'linger.ms': 5 })
  join(day, 'day', day.seen)
  let count = 0
  for (const end = clock.now() + HOURS * HOUR_MS; clock.now() < end; ) {
    if (randomBelow(random, 60) === 0) await disturb(world, TOPIC, PARTITIONS)
    if (randomBelow(random, 90) === 0) churn(day)
    for (let i = randomBelow(random, 3); i > 0; i--) {
      const value = `${count++}`
      producer.send({ topic: TOPIC, key: value, value }).then(
        () => day.acknowledged.push(value),
        (error: Error) => day.broken.push(`${value} was not delivered: ${error.message}`),
      )
    }
    await clock.advance(STEP_MS)
  }
  for (const broker of cluster.brokers) await broker.start()
  // Time for what is on its way, which is more than any timeout.
  await clock.advance(5 * 60_000)
  join(day, 'late', day.left)
  await clock.advance(60_000)
  day.closing.push(producer.close())
  while (day.members.length > 0) leave(day)
  await clock.advance(60_000)
  await Promise.all(day.closing)
}

function churn(day: Day): void {
  const { members, world } = day
  const isLeaving = members.length > 1 && randomBelow(world.random, 2) === 0
  if (isLeaving || members.length === MOST_MEMBERS) leave(day)
  else join(day, 'day', day.seen)
}

function leave({ members, world, closing }: Day): void {
  const [member] = members.splice(randomBelow(world.random, members.length), 1)
  if (member) closing.push(member.close())
}

function join(day: Day, group: string, seen: Set<string>): void {
  const { clock, random, network, cluster } = day.world
  const member = new Consumer(
    {
      'bootstrap.servers': cluster.bootstrapServers,
      'group.id': group,
      'auto.offset.reset': 'earliest',
      'session.timeout.ms': 45_000,
      'heartbeat.interval.ms': 15_000,
      'fetch.max.wait.ms': 20_000,
      logger: silentLogger,
    },
    { value: stringDeserializer },
    { clock, random, dial: network.dial },
  )
  day.joined++
  day.members.push(member)
  const reading = read(member, seen).catch((error: Error) => {
    day.broken.push(`a member ended: ${error.stack}`)
  })
  day.closing.push(reading)
}

async function read(member: Day['members'][number], seen: Set<string>): Promise<void> {
  await member.subscribe([TOPIC])
  for await (const batch of member.batches()) {
    for (const { value } of batch) seen.add(value ?? '')
  }
}
