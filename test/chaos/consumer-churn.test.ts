import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import { randomBelow, seededRandom } from '../../src/base/random.ts'
import { Producer, silentLogger } from '../../src/index.ts'
import { createTopic } from '../contract/consuming.ts'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import { describeWithKafka, freshName } from '../support/kafka.ts'
import { bundledProgram } from '../support/program.ts'
import { waitFor } from '../support/wait.ts'
import { ChurnLedger } from './churn-ledger.ts'

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 45)
/** Between the brokers' troubles there is time to see a member's death through. */
const BROKERS_REST_MS = 18_000
const PARTITIONS = 12
const RECORDS_A_SECOND = 1_000
const TICKS_A_SECOND = 20
const [FEWEST, MOST] = [2, 5]
/** Longer than a session, so that the group goes on without the frozen one. */
const FREEZE_MS = 8_000
/** As long as a partition may have had nobody, and then a commit interval: in records. */
const DUPLICATES_EACH = RECORDS_A_SECOND * 12

/**
 * How often the group is looked at (each 50 ms or more) before a death must have been noticed for
 * the others to be judged by it. Looks are counted, not time: when this process stood still, the
 * members may have, too.
 */
const FEWEST_LOOKS = 60

/** A member in a process of its own. */
class Member {
  readonly name: string
  readonly process: ChildProcess
  readonly ended: Promise<unknown>
  isFrozen = false
  words = ''

  constructor(name: string, args: readonly string[], heard: (line: string) => void) {
    this.name = name
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    createInterface({ input: this.process.stdout! }).on('line', heard)
    this.process.stderr!.on('data', words => {
      this.words = `${this.words}${words}`.slice(-1_000)
    })
    this.ended = once(this.process, 'close')
  }
}

/** Members that come, leave, die and freeze, one thing every few seconds. */
class Churn {
  readonly ledger = new ChurnLedger(PARTITIONS)
  readonly counts = { joins: 0, leaves: 0, kills: 0, freezes: 0 }
  /** Kills after which others went on before the group had noticed, of those that were watched. */
  readonly flow = { watched: 0, stopped: [] as string[] }
  brokersAtRest = true
  readonly #args: readonly string[]
  readonly #random = seededRandom(11)
  readonly #members = new Set<Member>()
  readonly #ready = deferred<void>()
  readonly #seen = deferred<void>()
  #over = false

  constructor(args: readonly string[]) {
    this.#args = args
  }

  /** Resolves when the first members share the partitions. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  /** Resolves when a first death was seen through: until then nothing else may happen. */
  get seen(): Promise<void> {
    return this.#seen.promise
  }

  async run(): Promise<void> {
    try {
      await this.#begin()
      while (!this.#over) {
        await this.#act()
        await pause(1_500 + randomBelow(this.#random, 2_000))
      }
    } finally {
      // Whoever waits for these goes on, and comes to hear what went wrong here.
      this.#ready.resolve()
      this.#seen.resolve()
    }
  }

  async #begin(): Promise<void> {
    this.#join()
    this.#join()
    this.#join()
    await waitFor('all to be assigned', () => {
      return new Set(this.ledger.owners).size === 3 && this.ledger.owners.every(owner => owner)
    })
    this.#ready.resolve()
    await waitFor('records', () => this.ledger.processed > PARTITIONS)
    // Whatever the dice say later, one death is seen from a quiet beginning.
    while (this.flow.watched === 0) {
      const hasPartitions = ({ name }: Member) => this.ledger.ownedBy(name).length > 0
      const find = () => [...this.#members].find(hasPartitions)
      const victim = await waitFor('a member with partitions', find)
      await this.#kill(victim)
      this.#join()
    }
    this.#seen.resolve()
  }

  end(): void {
    this.#over = true
  }

  /** Ends everybody, in order where that is possible. */
  async close(): Promise<void> {
    for (const { process } of this.#members) {
      process.kill('SIGCONT')
      process.kill('SIGTERM')
    }
    const members = [...this.#members]
    await Promise.race([Promise.all(members.map(({ ended }) => ended)), pause(10_000)])
    for (const { process } of members) process.kill('SIGKILL')
  }

  get words(): string[] {
    return [...this.#members].map(({ name, words }) => `${name}: ${words}`)
  }

  async #act(): Promise<void> {
    const well = [...this.#members].filter(({ isFrozen }) => !isFrozen)
    const victim = well[randomBelow(this.#random, well.length)]
    const dice = randomBelow(this.#random, 4)
    if (!victim || well.length <= FEWEST || (dice === 0 && well.length < MOST)) this.#join()
    else if (dice === 1) this.#leave(victim)
    else if (dice === 2) await this.#kill(victim)
    else this.#freeze(victim)
  }

  #join(): void {
    const name = `m${++this.counts.joins}`
    const member: Member = new Member(name, this.#args, line => this.ledger.heard(name, line))
    this.#members.add(member)
    void member.ended.then(() => this.#members.delete(member))
  }

  #leave(member: Member): void {
    this.counts.leaves++
    this.#members.delete(member)
    member.process.kill('SIGTERM')
  }

  /** Between a death and the moment when the group notices, the others must go on. */
  async #kill(member: Member): Promise<void> {
    this.counts.kills++
    this.#members.delete(member)
    member.process.kill('SIGKILL')
    await member.ended
    const { ledger } = this
    const orphans = ledger.dead(member.name)
    const frozen = [...this.#members].filter(({ isFrozen }) => isFrozen).map(({ name }) => name)
    const others = ledger.owners.flatMap((owner, at) => {
      return owner && !frozen.includes(owner) ? [{ owner, at }] : []
    })
    const before = others.map(({ at }) => ledger.progress(at))
    if (orphans.length === 0 || others.length === 0 || !this.brokersAtRest) return
    const isNoticed = () => orphans.some(partition => ledger.owners[partition])
    let looks = 0
    await waitFor('the group to notice', () => {
      looks++
      return isNoticed() || !this.brokersAtRest
    })
    // Who was frozen until just now is missed at once: the others had no time to show anything.
    if (!this.brokersAtRest || looks < FEWEST_LOOKS) return
    this.flow.watched++
    for (const [i, { owner, at }] of others.entries()) {
      if (ledger.owners[at] !== owner || ledger.progress(at) > before[i]!) continue
      // A death right at the end of production: there may be nothing left to go on with.
      if (!ledger.isBehind(at)) continue
      this.flow.stopped.push(`${owner}/${at}`)
    }
  }

  #freeze(member: Member): void {
    this.counts.freezes++
    member.isFrozen = true
    member.process.kill('SIGSTOP')
    setTimeout(() => {
      member.isFrozen = false
      member.process.kill('SIGCONT')
    }, FREEZE_MS)
  }
}

/** Restarts one broker after the other, by turns in order and by kill -9. */
async function restartBrokers(kafka: KafkaCluster, churn: Churn, isOver: () => boolean) {
  let restarts = 0
  await churn.seen
  while (!isOver()) {
    await pause(BROKERS_REST_MS)
    if (isOver()) break
    churn.brokersAtRest = false
    const broker = kafka.brokers[restarts % kafka.brokers.length]!
    if (restarts++ % 2 === 1) await broker.kill('SIGKILL')
    await broker.restart()
    await pause(3_000)
    churn.brokersAtRest = true
  }
  return restarts
}

/** Produces for so long, and until a death was seen through; gives how many records that were. */
async function produceAll(producer: Producer, topic: string, churn: Churn): Promise<number> {
  const { ledger } = churn
  let isSeen = false
  void churn.seen.then(() => {
    isSeen = true
  })
  const failed: string[] = []
  let count = 0
  for (let tick = 0; tick < SECONDS * TICKS_A_SECOND || !isSeen; tick++) {
    for (let i = 0; i < RECORDS_A_SECOND / TICKS_A_SECOND; i++) {
      const partition = count++ % PARTITIONS
      producer.produce({ topic, partition, value: `${count}` }, (error, report) => {
        if (error) failed.push(error.message)
        else ledger.acknowledged(partition, report!.offset)
      })
    }
    await pause(1_000 / TICKS_A_SECOND)
  }
  await producer.flush()
  expect(failed).toEqual([])
  expect(ledger.ends.reduce((sum, end) => sum + end, 0)).toBe(count)
  return count
}

describeWithKafka('a group whose members and brokers come and go', () => {
  let kafka: KafkaCluster
  let program: Awaited<ReturnType<typeof bundledProgram>>
  beforeAll(async () => {
    const config = {
      'group.consumer.session.timeout.ms': '6000',
      'group.consumer.min.session.timeout.ms': '6000',
      'group.consumer.heartbeat.interval.ms': '500',
      'group.consumer.min.heartbeat.interval.ms': '500',
    }
    program = await bundledProgram('test/chaos/member-program.ts')
    kafka = await startKafka({ brokers: 3, config, heapMb: 320 })
  }, 120_000)
  afterAll(async () => {
    await kafka.stop()
    await rm(program.folder, { recursive: true })
  })

  test.each(['classic', 'consumer'])(
    'processes every record, in order, protocol %s',
    async protocol => {
      const { bootstrapServers } = kafka
      const topic = freshName(`churn-${protocol}`)
      await createTopic(bootstrapServers, topic, PARTITIONS)
      const churn = new Churn([program.file, bootstrapServers, topic, `${topic}-group`, protocol])
      await using producer = new Producer({
        'bootstrap.servers': bootstrapServers,
        'request.timeout.ms': 5_000,
        logger: silentLogger,
      })
      const churning = churn.run()
      // Told where it is awaited.
      churning.catch(() => {})
      let isOver = false
      try {
        await churn.ready
        const restarting = restartBrokers(kafka, churn, () => isOver)
        const records = await produceAll(producer, topic, churn)
        isOver = true
        churn.end()
        const [restarts] = await Promise.all([restarting, churning])
        await waitFor('every record', () => churn.ledger.missing.length === 0, {
          limitMs: 120_000,
          everyMs: 500,
        })
        report(protocol, churn, { restarts, records })
        expect(churn.ledger.wrong).toEqual([])
        const { kills, freezes } = churn.counts
        const disturbances = kills + freezes + churn.ledger.losses
        expect(churn.ledger.duplicates).toBeLessThanOrEqual(disturbances * DUPLICATES_EACH)
        expect(churn.flow.watched).toBeGreaterThan(0)
        expect(churn.flow.stopped).toEqual([])
      } catch (error) {
        process.stderr.write(`${churn.words.join('\n')}\n`)
        throw error
      } finally {
        isOver = true
        churn.end()
        await churn.close()
      }
    },
    (SECONDS + 240) * 1_000,
  )
})

function report(protocol: string, { ledger, counts, flow }: Churn, more: object): void {
  const { processed, duplicates, assignments, revocations, losses } = ledger
  const told = { processed, duplicates, assignments, revocations, losses }
  const watched = { killsWatched: flow.watched, stopped: flow.stopped.length }
  process.stderr.write(`${JSON.stringify({ protocol, ...more, ...told, ...counts, ...watched })}\n`)
}
