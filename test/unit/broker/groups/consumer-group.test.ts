import { beforeEach, describe, expect, test } from 'vitest'
import type { FakeClock } from '../../../../src/base/fake-clock.ts'
import { randomBelow, seededRandom } from '../../../../src/base/random.ts'
import { ConsumerGroup } from '../../../../src/broker/groups/consumer/consumer-group.ts'
import {
  type Beaten,
  heartbeat,
  leave,
  type Refusal,
  requestError,
} from '../../../../src/broker/groups/consumer/heartbeat.ts'
import { revived } from '../../../../src/broker/groups/consumer/kept.ts'
import {
  type PartitionSet,
  partitionSet,
  topicPartitions,
} from '../../../../src/broker/groups/consumer/partition-set.ts'
import { topicPattern } from '../../../../src/broker/groups/consumer/topic-pattern.ts'
import type { GroupHost } from '../../../../src/broker/groups/group.ts'
import type { Entry } from '../../../../src/broker/groups/log/entry.ts'
import { KeptGroups } from '../../../../src/broker/groups/log/kept-groups.ts'
import { readRecord, recordOf } from '../../../../src/broker/groups/log/records.ts'
import { memoryLog } from '../../../../src/broker/log/open-log.ts'
import { Partition } from '../../../../src/broker/model/partition.ts'
import { Topic } from '../../../../src/broker/model/topic.ts'
import type { Topics } from '../../../../src/broker/model/topics.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../../src/protocol/messages/index.ts'
import { testHost } from './harness.ts'

type Request = Partial<ConsumerGroupHeartbeatRequest>
const SESSION_MS = 45_000
const REBALANCE_MS = 60_000

let clock: FakeClock
let group: ConsumerGroup
let topics: Topics
let moves: string[]
let saved: Entry[][]
let host: GroupHost

beforeEach(() => {
  ;({ clock, moves, saved, host } = testHost())
  topics = host.topics
  group = new ConsumerGroup('g', host)
  addTopic('orders', 4)
})

/** A topic's id, of which its name can be told. */
const idOf = (name: string) => name.padEnd(22, 'A')

function shown(places: PartitionSet): string {
  const names = [...places].map(place => place.replace(/A*\//, '/'))
  return names.sort().join(' ')
}

function addTopic(name: string, size: number): void {
  const facts = { name, id: idOf(name), isInternal: false, config: new Map() }
  topics.add(
    new Topic(facts, { defaults: () => ({ fixed: new Map(), dynamic: new Map() }), fsync: false }),
  )
  grow(name, size)
}

function grow(name: string, size: number): void {
  const topic = topics.named(name)!
  while (topic.partitions.length < size) {
    const index = topic.partitions.length
    const place = { topicName: name, index, replicas: [1], leader: 1, leaderEpoch: 0 }
    topic.partitions.push(
      new Partition(
        place,
        memoryLog(() => topic.settings),
      ),
    )
  }
}

function requestOf(more: Request): ConsumerGroupHeartbeatRequest {
  return {
    groupId: 'g',
    memberId: 'a',
    memberEpoch: 0,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: null,
    ...more,
  }
}

const joining: Request = {
  memberEpoch: 0,
  rebalanceTimeoutMs: REBALANCE_MS,
  subscribedTopicNames: ['orders'],
  topicPartitions: [],
}

function send(more: Request, pattern: Awaited<ReturnType<typeof topicPattern>> | null = null) {
  const request = requestOf(more)
  if (request.memberEpoch < 0) return leave(group, request)
  const client = { clientId: 'c', clientHost: '/h', newId: 'made' }
  return heartbeat(group, { request, pattern: pattern ?? null, ...client })
}

/** As a request carries them. */
function wire(places: PartitionSet) {
  return topicPartitions(places).map(each => ({ ...each, partitions: [...each.partitions] }))
}

const errorOf = (outcome: Beaten | Refusal) => ('error' in outcome ? outcome.error : 'NONE')

function told(outcome: Beaten | Refusal): [number, string | undefined] {
  if ('error' in outcome) throw new Error(outcome.message)
  return [outcome.memberEpoch, outcome.assigned && shown(outcome.assigned)]
}

/** A client that does what it is told: it owns what it was assigned, and says so. */
class Client {
  readonly id: string
  readonly instanceId: string | null
  epoch = 0
  owned = new Set<string>()

  constructor(id: string, instanceId: string | null = null) {
    this.id = id
    this.instanceId = instanceId
  }

  beat(more: Request = {}): string {
    const first = this.epoch === 0 ? joining : {}
    const outcome = send({
      memberId: this.id,
      instanceId: this.instanceId,
      memberEpoch: this.epoch,
      topicPartitions: wire(this.owned),
      ...first,
      ...more,
    })
    if ('error' in outcome) return outcome.error
    this.epoch = outcome.memberEpoch
    if (outcome.assigned) this.owned = new Set(outcome.assigned)
    return 'NONE'
  }

  leave(epoch = -1): string {
    const { id: memberId, instanceId } = this
    const outcome = send({ memberId, instanceId, memberEpoch: epoch })
    this.epoch = 0
    this.owned = new Set()
    return errorOf(outcome)
  }
}

describe('reconciliation', () => {
  test('the first member gets everything at once', () => {
    expect(told(send(joining))).toEqual([1, 'orders/0 orders/1 orders/2 orders/3'])
    expect([group.stateName, group.epoch, group.targetEpoch]).toEqual(['Stable', 1, 1])
    expect(told(send({ memberEpoch: 1 }))).toEqual([1, undefined])
  })

  test('partitions go to a newcomer when their owner has given them up', () => {
    send(joining)
    expect(told(send({ ...joining, memberId: 'b' }))).toEqual([2, ''])
    expect(group.stateName).toBe('Reconciling')
    // Told to give two up; as long as it does not say so, nobody gets them.
    const [epoch, kept] = told(send({ memberEpoch: 1 }))
    expect([epoch, kept?.split(' ')]).toEqual([1, expect.any(Array)])
    expect(kept?.split(' ')).toHaveLength(2)
    expect(told(send({ memberEpoch: 1 }))).toEqual([1, undefined])
    expect(told(send({ memberId: 'b', memberEpoch: 2 }))).toEqual([2, undefined])
    const left = partitionSet([
      { topicId: idOf('orders'), partitions: kept!.split(' ').map(place => +place.slice(7)) },
    ])
    const owned = wire(left)
    expect(told(send({ memberEpoch: 1, topicPartitions: owned }))).toEqual([2, undefined])
    const [, given] = told(send({ memberId: 'b', memberEpoch: 2 }))
    expect([...kept!.split(' '), ...given!.split(' ')].sort()).toHaveLength(4)
    expect(new Set([...kept!.split(' '), ...given!.split(' ')]).size).toBe(4)
    expect(group.stateName).toBe('Stable')
  })

  test('who takes too long to give up is put out', async () => {
    const [a, b] = [new Client('a'), new Client('b')]
    a.beat()
    b.beat()
    // It goes on saying that it owns them all.
    const owned = a.owned
    for (let s = 0; s < REBALANCE_MS / 10_000; s++) {
      send({ memberId: 'a', memberEpoch: 1, topicPartitions: wire(owned) })
      b.beat()
      expect(b.owned.size).toBe(0)
      await clock.advance(10_000)
    }
    expect(errorOf(send({ memberId: 'a', memberEpoch: 1 }))).toBe('UNKNOWN_MEMBER_ID')
    b.beat()
    expect(b.owned.size).toBe(4)
  })

  test('a silent member is put out, and the others share what it had', async () => {
    const [a, b] = [new Client('a'), new Client('b')]
    for (let i = 0; i < 4; i++) for (const client of [a, b]) client.beat()
    expect([a.owned.size, b.owned.size]).toEqual([2, 2])
    await clock.advance(SESSION_MS - 1)
    b.beat()
    await clock.advance(1)
    expect(group.stateName).toBe('Assigning')
    b.beat()
    expect([b.owned.size, group.stateName]).toEqual([4, 'Stable'])
    expect(a.beat()).toBe('UNKNOWN_MEMBER_ID')
    await clock.advance(SESSION_MS)
    expect([group.stateName, clock.pending]).toEqual(['Empty', 0])
  })

  test('more partitions, and new topics, are assigned at the next heartbeat', () => {
    const a = new Client('a')
    a.beat({ ...joining, subscribedTopicNames: ['orders', 'later'] })
    grow('orders', 5)
    a.beat()
    expect([a.epoch, a.owned.size]).toEqual([2, 5])
    addTopic('later', 1)
    a.beat()
    expect([a.epoch, a.owned.size]).toEqual([3, 6])
    topics.remove(topics.named('orders')!)
    a.beat()
    a.beat()
    expect(shown(a.owned)).toBe('later/0')
  })

  test('a change of subscription moves the group on', () => {
    addTopic('other', 1)
    const a = new Client('a')
    a.beat()
    a.beat({ subscribedTopicNames: ['other'] })
    a.beat()
    expect([shown(a.owned), group.epoch]).toEqual(['other/0', 2])
    a.beat({ subscribedTopicNames: ['other'] })
    expect(group.epoch).toBe(2)
  })

  test('a pattern takes topics that come later, by their whole names', async () => {
    const pattern = await topicPattern('ord.*')
    const regex = { subscribedTopicNames: null, subscribedTopicRegex: 'ord.*' }
    expect(told(send({ ...joining, ...regex }, pattern))[1]?.split(' ')).toHaveLength(4)
    addTopic('ordinary', 1)
    addTopic('disorder', 1)
    const owned = { topicPartitions: wire(group.member('a')!.assigned) }
    const [, now] = told(send({ memberEpoch: 1, ...owned }))
    expect(now).toBe('orders/0 orders/1 orders/2 orders/3 ordinary/0')
    expect(group.subscribes('ordinary')).toBe(true)
    // An empty one takes it back.
    send({ memberEpoch: 2, subscribedTopicRegex: '', subscribedTopicNames: ['disorder'] })
    expect(group.subscribes('ordinary')).toBe(false)
    expect(await topicPattern('(')).toBe(undefined)
  })

  test('the assignor that most want is taken', () => {
    for (const memberId of ['a', 'b', 'c']) {
      send({ ...joining, memberId, serverAssignor: memberId === 'a' ? 'uniform' : 'range' })
    }
    expect(group.assignor).toBe('range')
    expect(shown(group.targetOf('a'))).toBe('orders/0 orders/1')
  })
})

describe('fencing', () => {
  test.each<[string, Request, string]>([
    ['a smaller epoch', { memberEpoch: 1 }, 'FENCED_MEMBER_EPOCH'],
    ['a greater epoch', { memberEpoch: 9 }, 'FENCED_MEMBER_EPOCH'],
    ['an unknown member', { memberId: 'x', memberEpoch: 2 }, 'UNKNOWN_MEMBER_ID'],
    ['an unknown one that leaves', { memberId: 'x', memberEpoch: -1 }, 'UNKNOWN_MEMBER_ID'],
    ['an unknown instance', { instanceId: 'x', memberEpoch: 2 }, 'UNKNOWN_MEMBER_ID'],
    ['the right epoch', { memberEpoch: 2 }, 'NONE'],
    ['one that joins again', joining, 'NONE'],
  ])('%s', (_, request, error) => {
    send({ ...joining, memberId: 'b' })
    send(joining)
    expect(group.member('a')?.epoch).toBe(2)
    expect(errorOf(send(request))).toBe(error)
  })

  test('the epoch before is taken from one that missed an answer', () => {
    const a = new Client('a')
    a.beat()
    grow('orders', 5)
    const before = { epoch: a.epoch, owned: wire(a.owned) }
    a.beat()
    expect(a.epoch).toBe(2)
    const again = send({ memberEpoch: before.epoch, topicPartitions: before.owned })
    expect(told(again)[0]).toBe(2)
    expect(errorOf(send({ memberEpoch: 1, topicPartitions: null }))).toBe('FENCED_MEMBER_EPOCH')
    const foreign = [{ topicId: idOf('orders'), partitions: [9] }]
    expect(errorOf(send({ memberEpoch: 1, topicPartitions: foreign }))).toBe('FENCED_MEMBER_EPOCH')
  })

  test('a full group takes nobody else', () => {
    group = new ConsumerGroup('g', testHost({ 'group.consumer.max.size': '1' }).host)
    send(joining)
    expect(errorOf(send({ ...joining, memberId: 'b' }))).toBe('GROUP_MAX_SIZE_REACHED')
    expect(errorOf(send(joining))).toBe('NONE')
  })

  test.each<[Request, string]>([
    [{ groupId: '' }, 'INVALID_REQUEST'],
    [{ instanceId: '' }, 'INVALID_REQUEST'],
    [{ rackId: '' }, 'INVALID_REQUEST'],
    [{ memberEpoch: -3 }, 'INVALID_REQUEST'],
    [{ memberEpoch: 1, memberId: '' }, 'INVALID_REQUEST'],
    [{ memberEpoch: -2 }, 'INVALID_REQUEST'],
    [{ rebalanceTimeoutMs: -1 }, 'INVALID_REQUEST'],
    [{ topicPartitions: null }, 'INVALID_REQUEST'],
    [{ topicPartitions: [{ topicId: 'orders', partitions: [0] }] }, 'INVALID_REQUEST'],
    [{ subscribedTopicNames: null }, 'INVALID_REQUEST'],
    [{ subscribedTopicNames: [], subscribedTopicRegex: '' }, 'INVALID_REQUEST'],
    [{ serverAssignor: 'sticky' }, 'UNSUPPORTED_ASSIGNOR'],
  ])('a request can be wrong by itself: %j', (odd, error) => {
    expect(requestError(requestOf({ ...joining, ...odd }))?.error).toBe(error)
    expect(requestError(requestOf(joining))).toBe(undefined)
  })
})

describe('static members', () => {
  test('come back under another id to what they had', () => {
    const [a, b] = [new Client('a', 'i'), new Client('b')]
    for (let i = 0; i < 4; i++) for (const client of [a, b]) client.beat()
    const had = [...a.owned]
    expect(new Client('a2', 'i').beat()).toBe('UNRELEASED_INSTANCE_ID')
    expect(a.leave(-2)).toBe('NONE')
    const { epoch } = group
    b.beat()
    expect(b.owned.size).toBe(2)
    const back = new Client('a2', 'i')
    expect(back.beat()).toBe('NONE')
    expect([back.epoch, [...back.owned], group.epoch]).toEqual([epoch, had, epoch])
    expect(group.stateName).toBe('Stable')
    expect(errorOf(send({ instanceId: 'i', memberEpoch: epoch }))).toBe('FENCED_INSTANCE_ID')
    expect(errorOf(send({ instanceId: 'i', memberEpoch: -1 }))).toBe('FENCED_INSTANCE_ID')
  })

  test('that stay away are put out', async () => {
    const a = new Client('a', 'i')
    a.beat()
    a.leave(-2)
    await clock.advance(SESSION_MS)
    expect([group.stateName, clock.pending]).toEqual(['Empty', 0])
  })

  test('that leave for good are gone', () => {
    const a = new Client('a', 'i')
    a.beat()
    expect(a.leave(-1)).toBe('NONE')
    expect(group.isEmpty).toBe(true)
    expect(new Client('a2', 'i').beat()).toBe('NONE')
  })
})

describe('offsets', () => {
  const user = (memberId: string | null, epoch: number) => ({ memberId, epoch, instanceId: null })

  test('are committed by members at their epoch, and from outside while there are none', () => {
    expect(group.commitError(user('', -1), 10)).toBe(undefined)
    new Client('a').beat()
    expect(group.commitError(user('', -1), 10)).toBe('UNKNOWN_MEMBER_ID')
    expect(group.commitError(user('a', 1), 9)).toBe(undefined)
    expect(group.commitError(user('a', 1), 8)).toBe('UNSUPPORTED_VERSION')
    expect(group.commitError(user('a', 0), 9)).toBe('STALE_MEMBER_EPOCH')
    expect(group.fetchError(user('a', 0))).toBe('STALE_MEMBER_EPOCH')
    expect(group.fetchError(user('x', 1))).toBe('UNKNOWN_MEMBER_ID')
    expect(group.fetchError(user(null, -1))).toBe(undefined)
    expect(group.idleSince('orders', 5)).toBe(undefined)
    expect(group.idleSince('other', 5)).toBe(5)
  })
})

/** The group as it comes back from what was written of it, through Kafka's own records. */
async function restart(): Promise<void> {
  const log = new KeptGroups()
  for (const entry of saved.flat()) {
    const { key, value } = recordOf(entry)
    log.take(readRecord(key, value)!)
  }
  const [, kept] = [...log.consumer()].find(([id]) => id === group.groupId)!
  const before = group
  group = new ConsumerGroup('g', host, await revived(kept))
  const known = (each: ConsumerGroup) => {
    const entries = each.entries().map(entry => recordOf(entry))
    return entries.map(({ key, value }) => `${key.toString('hex')} ${value?.toString('hex')}`)
  }
  expect(known(group).sort()).toEqual(known(before).sort())
  before.close()
}

describe('a restart', () => {
  test('leaves members where they were, in the middle of what they do', async () => {
    const [a, b] = [new Client('a'), new Client('b', 'i')]
    a.beat()
    b.beat()
    a.beat()
    expect([group.member('a')?.state.is, group.stateName]).toEqual([
      'UnrevokedPartitions',
      'Reconciling',
    ])
    await restart()
    expect(group.stateName).toBe('Reconciling')
    for (let i = 0; i < 3; i++) for (const client of [a, b]) expect(client.beat()).toBe('NONE')
    expect([a.owned.size, b.owned.size, group.epoch]).toEqual([2, 2, 2])
    b.leave(-2)
    await restart()
    const back = new Client('b2', 'i')
    expect([back.beat(), back.owned.size, group.epoch]).toEqual(['NONE', 2, 2])
    await restart()
    expect([a.beat(), back.beat(), group.stateName]).toEqual(['NONE', 'NONE', 'Stable'])
    a.leave()
    back.leave()
    await restart()
    expect([group.stateName, group.epoch, clock.pending]).toEqual(['Empty', 4, 0])
  })

  test('keeps a pattern, and gives silent members their session anew', async () => {
    const pattern = await topicPattern('ord.*')
    const regex = { subscribedTopicNames: null, subscribedTopicRegex: 'ord.*' }
    send({ ...joining, ...regex }, pattern)
    await clock.advance(SESSION_MS - 1)
    await restart()
    expect(group.subscribes('ordinary')).toBe(true)
    await clock.advance(SESSION_MS - 1)
    expect(group.stateName).toBe('Stable')
    await clock.advance(1)
    expect(group.stateName).toBe('Empty')
  })

  test('does not wait longer for those who are to give up', async () => {
    const [a, b] = [new Client('a'), new Client('b')]
    a.beat()
    b.beat()
    const { owned } = a
    a.beat()
    await restart()
    for (let ms = 0; ms < REBALANCE_MS; ms += 10_000) {
      send({ memberId: 'a', memberEpoch: 1, topicPartitions: wire(owned) })
      b.beat()
      await clock.advance(10_000)
    }
    b.beat()
    expect([group.member('a'), b.owned.size]).toEqual([undefined, 4])
  })
})

describe('at random', () => {
  test.each(Array.from({ length: 30 }, (_, seed) => seed))(
    'no partition has two owners, and all settle, restarts or not: seed %d',
    async seed => {
      const random = seededRandom(seed)
      const clients = Array.from({ length: 5 }, (_, i) => new Client(`m${i}`))
      const here = new Set<Client>()
      grow('orders', 1 + randomBelow(random, 12))
      for (let step = 0; step < 300; step++) {
        const client = clients[randomBelow(random, clients.length)]!
        const chance = random()
        if (chance < 0.1 && here.delete(client)) client.leave()
        else if (chance < 0.12) grow('orders', topics.named('orders')!.partitions.length + 1)
        else if (chance < 0.9) {
          here.add(client)
          expect(client.beat()).toBe('NONE')
        } else if (chance > 0.97 && group.epoch > 0) await restart()
        const owned = [...here].flatMap(each => [...each.owned])
        expect(new Set(owned).size).toBe(owned.length)
      }
      here.add(clients[0]!)
      for (let i = 0; i < 10; i++) for (const client of here) client.beat()
      expect(group.stateName).toBe('Stable')
      const owned = [...here].flatMap(each => [...each.owned])
      expect(owned).toHaveLength(topics.named('orders')!.partitions.length)
      expect(moves.at(-1)).toMatch(/> Stable$/)
    },
  )
})
