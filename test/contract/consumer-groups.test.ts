import { expect, test } from 'vitest'
import { deferred } from '../../src/base/deferred.ts'
import {
  Admin,
  Consumer,
  type ConsumerOptions,
  type KafkaError,
  listen,
  type RebalanceListener,
  type TopicPartition,
} from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { type ClusterUnderTest, freshName, onBothClusters } from './clusters.ts'
import { addPartitions, createTopic, dealt, produceAll, take, textOf } from './consuming.ts'

/** A member with a loop of its own that notes what it gets, and what happened to its share. */
class Member {
  readonly consumer: Consumer
  readonly values: string[] = []
  readonly happened: string[] = []
  readonly errors: KafkaError[] = []
  readonly #loop: Promise<void>

  constructor(options: ConsumerOptions, handle: (value: string) => Promise<void> | void) {
    this.consumer = new Consumer(options)
    for (const name of ['assigned', 'revoked', 'lost'] as const) {
      this.consumer.on(name, slots => this.happened.push(`${name} ${slots.length}`))
    }
    this.consumer.on('error', error => this.errors.push(error as KafkaError))
    this.#loop = this.#run(handle)
  }

  get partitions(): number[] {
    return this.consumer.position().map(({ partition }) => partition)
  }

  async close(): Promise<void> {
    await this.consumer.close()
    await this.#loop
  }

  async #run(handle: (value: string) => Promise<void> | void): Promise<void> {
    for await (const message of this.consumer) {
      await handle(textOf(message))
      this.values.push(textOf(message))
    }
  }
}

/** Waits until a consumer got so many more answers to its heartbeats. */
async function heartbeats(clientId: string, count: number): Promise<void> {
  let left = count
  await new Promise<void>(resolve => {
    const stop = listen('response:received', ({ api, source }) => {
      if (source.clientId !== clientId || !api.endsWith('Heartbeat') || --left > 0) return
      stop()
      resolve()
    })
  })
}

/** Waits until the coordinator has begun to gather a group's members anew. */
async function rebalanceBegun(bootstrapServers: string, group: string): Promise<void> {
  using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
  await waitFor('a rebalance', async () => {
    const [described] = await admin.groups.describe([group])
    return described?.is === 'done' && described.value.state === 'PreparingRebalance'
  })
}

type Protocol = 'classic' | 'consumer'

/** What tests of either protocol do. */
function helpers(cluster: () => ClusterUnderTest, protocol: Protocol) {
  const settings = (group: string, more: ConsumerOptions = {}): ConsumerOptions => ({
    'bootstrap.servers': cluster().bootstrapServers,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    'group.protocol': protocol,
    ...(protocol === 'classic' && { 'heartbeat.interval.ms': 200 }),
    'auto.commit.interval.ms': 300,
    ...more,
  })

  async function join(
    group: string,
    topic: string,
    more: ConsumerOptions = {},
    handle: (value: string) => Promise<void> | void = () => {},
    listener?: RebalanceListener,
  ): Promise<Member> {
    const member = new Member(settings(group, more), handle)
    await member.consumer.subscribe([topic], listener)
    return member
  }

  async function newTopic(name: string, partitions: number): Promise<string> {
    const topic = freshName(name)
    await createTopic(cluster().bootstrapServers, topic, partitions)
    return topic
  }

  const produce = (topic: string, count: number, partitions: number) =>
    produceAll(cluster().bootstrapServers, dealt(topic, count, partitions))

  const slots = (topic: string, count: number): TopicPartition[] =>
    Array.from({ length: count }, (_, partition) => ({ topic, partition }))

  async function committedOf(group: string, topic: string, partitions: number) {
    await using reader = new Consumer(settings(group))
    const committed = await reader.committed(slots(topic, partitions))
    return committed.map(({ offset }) => offset)
  }

  return { settings, join, newTopic, produce, committedOf }
}

for (const protocol of ['classic', 'consumer'] as const) {
  onBothClusters(`members of a group, protocol ${protocol}`, cluster => {
    const { settings, join, newTopic, produce, committedOf } = helpers(cluster, protocol)
    const strategies =
      protocol === 'classic'
        ? ['range', 'roundrobin', 'sticky', 'cooperative-sticky', 'range,roundrobin']
        : ['uniform', 'range']
    const strategyKey =
      protocol === 'classic' ? 'partition.assignment.strategy' : 'group.remote.assignor'

    test.each(strategies)('share partitions, and take over, by %s', async strategy => {
      const topic = await newTopic('group-share', 6)
      const more = { [strategyKey]: strategy }
      const first = await join(topic, topic, more)
      await produce(topic, 600, 6)
      await waitFor('the first to have all', () => first.values.length === 600)
      const second = await join(topic, topic, more)
      await waitFor('shares of three', () => first.partitions.length === 3)
      await waitFor('shares of three', () => second.partitions.length === 3)
      expect([...first.partitions, ...second.partitions].sort()).toEqual([0, 1, 2, 3, 4, 5])
      await produce(topic, 600, 6)
      await waitFor('the rest', () => first.values.length + second.values.length === 1200)
      await first.close()
      await waitFor('the take-over', () => second.partitions.length === 6)
      await produce(topic, 60, 6)
      await waitFor('all', () => first.values.length + second.values.length === 1260)
      await second.close()
      expect(await committedOf(topic, topic, 6)).toEqual([210, 210, 210, 210, 210, 210])
      expect([...first.errors, ...second.errors]).toEqual([])
    })

    test('what is not processed is not committed, and comes to the next member', async () => {
      const topic = await newTopic('group-unprocessed', 1)
      await produce(topic, 10, 1)
      const first = new Consumer(settings(topic))
      await first.subscribe([topic])
      for await (const { offset } of first) if (offset === 4) break
      await first.close()
      expect(await committedOf(topic, topic, 1)).toEqual([4])
      const second = new Consumer(settings(topic))
      await second.subscribe([topic])
      const messages = await take(second, 6)
      expect(messages.map(({ offset }) => offset)).toEqual([4, 5, 6, 7, 8, 9])
      await second.close()
      expect(await committedOf(topic, topic, 1)).toEqual([10])
    })

    test('commits by hand: a message, a batch, offsets with metadata, all that is processed', async () => {
      const topic = await newTopic('group-by-hand', 2)
      await produce(topic, 40, 2)
      const consumer = new Consumer(settings(topic, { 'enable.auto.commit': false }))
      await consumer.subscribe([topic])
      const [message] = await take(consumer, 1)
      await consumer.commit(message)
      const at = { topic, partition: message!.partition }
      expect(await consumer.committed([at])).toMatchObject([{ ...at, offset: 1, metadata: '' }])
      await consumer.commit([{ ...at, offset: 7, metadata: 'by hand' }])
      expect(await consumer.committed([at])).toMatchObject([{ offset: 7, metadata: 'by hand' }])
      for await (const batch of consumer.batches()) {
        await consumer.commit(batch)
        const [stored] = await consumer.committed([batch])
        expect(stored?.offset).toBe(batch.nextOffset)
        break
      }
      await take(consumer, 5)
      // One that has not begun has no position to commit, and may begin right after.
      await waitFor('both', () => consumer.position().every(({ offset }) => offset !== undefined))
      await consumer.commit()
      const processed = consumer.position().map(({ offset }) => offset)
      expect((await consumer.committed()).map(({ offset }) => offset)).toEqual(processed)
      const other = [{ topic, partition: 9, offset: 1 }]
      await expect(consumer.commit(other)).rejects.toMatchObject({ code: 'NOT_ASSIGNED' })
      await consumer.close()
    })

    test('a slow handler costs no membership', async () => {
      const topic = await newTopic('group-slow', 1)
      await produce(topic, 1, 1)
      const session = protocol === 'classic' ? { 'session.timeout.ms': 6000 } : {}
      let finish = () => {}
      const waits = () => new Promise<void>(resolve => (finish = resolve))
      const member = await join(topic, topic, { ...session, 'client.id': topic }, waits)
      // A coordinator that has not heard of the topic yet gives an empty share first.
      await waitFor('its share', () => member.partitions.length === 1)
      const { generationId } = member.consumer.groupMetadata()
      // At 200 ms each they take longer than the session may.
      await heartbeats(topic, 35)
      expect(member.consumer.groupMetadata().generationId).toBe(generationId)
      expect(member.happened).toEqual(['assigned 1'])
      await waitFor('the handler', () => {
        finish()
        return member.values.length === 1
      })
      await member.close()
      expect(await committedOf(topic, topic, 1)).toEqual([1])
    })

    test('a handler past max.poll.interval.ms is told, and costs the partitions until it ends', async () => {
      const topic = await newTopic('group-stuck', 1)
      await produce(topic, 2, 1)
      const sessions = {
        'max.poll.interval.ms': 6000,
        ...(protocol === 'classic' && { 'session.timeout.ms': 6000 }),
      }
      let finish = () => {}
      const waits = () => new Promise<void>(resolve => (finish = resolve))
      const member = await join(topic, topic, sessions, waits)
      await waitFor('the event', () => member.errors.length > 0)
      expect(member.errors[0]).toMatchObject({ code: 'MAX_POLL_INTERVAL_EXCEEDED' })
      await waitFor('the loss', () => member.happened.includes('lost 1'))
      expect(member.happened).toEqual(['assigned 1', 'lost 1'])
      finish()
      await waitFor('the return', () => member.happened.at(-1) === 'assigned 1')
      await waitFor('the same once more', () => {
        finish()
        return member.values.length === 3
      })
      expect(member.values).toEqual(['0', '0', '1'])
      await member.close()
    })

    test('a static member that comes back in time finds its partitions, and nobody else stirs', async () => {
      const topic = await newTopic('group-static', 4)
      const other = await join(topic, topic, { 'group.instance.id': 'other' })
      const before = await join(topic, topic, { 'group.instance.id': 'returns' })
      await waitFor('shares', () => before.partitions.length === 2 && other.partitions.length === 2)
      const had = before.partitions
      const told = other.happened.length
      await before.close()
      const after = await join(topic, topic, { 'group.instance.id': 'returns' })
      await waitFor('its share', () => after.partitions.length === 2)
      expect(after.partitions).toEqual(had)
      expect(other.happened).toHaveLength(told)
      await Promise.all([other.close(), after.close()])
    })

    test('a pattern takes in topics that come to exist', async () => {
      const prefix = freshName('group-pattern')
      await createTopic(cluster().bootstrapServers, `${prefix}.one`, 1)
      const member = new Member(settings(prefix, { 'metadata.max.age.ms': 300 }), () => {})
      await member.consumer.subscribe(new RegExp(`^${prefix}\\.`))
      await produce(`${prefix}.one`, 1, 1)
      await waitFor('the first topic', () => member.values.length === 1)
      await createTopic(cluster().bootstrapServers, `${prefix}.two`, 1)
      await waitFor('the second topic', () => member.partitions.length === 2)
      await produce(`${prefix}.two`, 1, 1)
      await waitFor('its record', () => member.values.length === 2)
      await member.close()
    })

    test('partitions that a topic gains are shared out', async () => {
      const topic = await newTopic('group-grows', 1)
      const member = await join(topic, topic, { 'metadata.max.age.ms': 300 })
      await addPartitions(cluster().bootstrapServers, topic, 3)
      await waitFor('the new ones', () => member.partitions.length === 3)
      await member.close()
    })
  })
}

onBothClusters('members of a classic group', cluster => {
  const { settings, join, newTopic, produce } = helpers(cluster, 'classic')
  const eager = { 'partition.assignment.strategy': 'range' }

  test('cooperative members keep what does not move, without a pause', async () => {
    const topic = await newTopic('group-cooperative', 4)
    const first = await join(topic, topic)
    const second = await join(topic, topic)
    await waitFor('shares', () => second.partitions.length === 2)
    expect(first.happened).toEqual(['assigned 4', 'revoked 2'])
    expect(second.happened.at(-1)).toBe('assigned 2')
    await Promise.all([first.close(), second.close()])
  })

  /** One that has a partition and works on its record until it is told to, or its signal aborts. */
  async function working(topic: string, more: ConsumerOptions) {
    await produce(topic, 1, 1)
    const consumer = new Consumer(settings(topic, { ...eager, ...more }))
    const order: string[] = []
    consumer.on('revoked', () => order.push('revoked'))
    await consumer.subscribe([topic])
    const finished = deferred<void>()
    const loop = (async () => {
      for await (const { offset, signal } of consumer) {
        order.push(`began ${offset}`)
        const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
        await Promise.race([finished.promise, aborted])
        order.push(signal.aborted ? 'aborted' : 'done')
      }
    })()
    await waitFor('work', () => order.length === 1)
    const close = async () => {
      finished.resolve()
      await consumer.close()
      await loop
    }
    return { order, finish: finished.resolve, close }
  }

  test('what moves waits for the record in work', async () => {
    const topic = await newTopic('group-drain', 1)
    const first = await working(topic, { 'client.id': `${topic}-first` })
    const joining = join(topic, topic, eager)
    await rebalanceBegun(cluster().bootstrapServers, topic)
    // The first may have been answered before; the second brings the news; the third comes while
    // the record is waited for.
    await heartbeats(`${topic}-first`, 3)
    expect(first.order).toEqual(['began 0'])
    first.finish()
    const second = await joining
    expect(first.order).toEqual(['began 0', 'done', 'revoked'])
    await Promise.all([first.close(), second.close()])
  })

  test('past the deadline the signal of the record in work aborts', async () => {
    const topic = await newTopic('group-deadline', 1)
    const first = await working(topic, { 'revoke.timeout.ms': 500 })
    const second = await join(topic, topic, eager)
    // Whoever has the partition then begins anew with the record.
    expect(first.order.slice(0, 3)).toEqual(['began 0', 'aborted', 'revoked'])
    await Promise.all([first.close(), second.close()])
  })

  test('commits of one that was thrown out are refused, and say so', async () => {
    const topic = await newTopic('group-zombie', 1)
    await produce(topic, 3, 1)
    const twin = { 'group.instance.id': 'twin', 'enable.auto.commit': false }
    // Its heartbeats would tell it that it has nothing left to commit.
    const zombie = new Consumer(settings(topic, { ...twin, 'heartbeat.interval.ms': 40_000 }))
    await zombie.subscribe([topic])
    const [message] = await take(zombie, 1)
    const heir = await join(topic, topic, twin)
    await expect(zombie.commit(message)).rejects.toMatchObject({ name: 'BrokerError' })
    // Joins anew, and so hears it before the next heartbeat.
    await zombie.subscribe([topic])
    await expect(take(zombie, 10)).rejects.toMatchObject({ code: 'FENCED_INSTANCE_ID' })
    await heir.close()
    await zombie.close()
  })

  test('members that cannot agree on an assignor are told what to do', async () => {
    const topic = await newTopic('group-disagrees', 1)
    const member = await join(topic, topic, { 'partition.assignment.strategy': 'range' })
    const other = new Consumer(settings(topic, { 'partition.assignment.strategy': 'sticky' }))
    await expect(other.subscribe([topic])).rejects.toThrow(/partition.assignment.strategy/)
    await other.close()
    await member.close()
  })
})
