import { beforeEach, describe, expect, test } from 'vitest'
import { settle } from '../../../../src/base/fake-clock.ts'
import { heartbeat, leave } from '../../../../src/broker/groups/classic/leave.ts'
import { ConsumerProtocolSubscription } from '../../../../src/protocol/messages/index.ts'
import { encodeVersioned } from '../../../../src/protocol/schema/prefixed.ts'
import { ClassicBench, REBALANCE_MS, SESSION_MS } from './harness.ts'

let bench: ClassicBench
beforeEach(() => {
  bench = new ClassicBench()
})

const beat = (id: string, generation = bench.group.generationId) =>
  heartbeat(bench.group, id, null, generation) ?? 'NONE'
const goes = (...ids: string[]) =>
  leave(
    bench.group,
    ids.map(memberId => ({ memberId, groupInstanceId: null })),
  ).map(error => error ?? 'NONE')
const commit = (memberId: string, epoch: number, instanceId: string | null = null) =>
  bench.group.commitError({ memberId, epoch, instanceId }) ?? 'NONE'
const memberIds = () => bench.group.roster.all().map(({ id }) => id)

/** Keeps members alive while time goes by. */
async function wait(ms: number, ...alive: string[]): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    for (const id of alive) beat(id)
    await bench.clock.advance(Math.min(1000, left))
  }
}

describe('joining', () => {
  test('a newcomer gets an id first, and joins with it (KIP-394)', async () => {
    const first = await bench.join({ newId: 'a' })
    expect([first.outcome, first.answer?.memberId]).toEqual(['MEMBER_ID_REQUIRED', 'a'])
    expect(bench.group.stateName).toBe('Empty')
    const second = await bench.join({ id: 'a' })
    expect(second.answer).toMatchObject({
      errorCode: 0,
      generationId: 1,
      leader: 'a',
      memberId: 'a',
      protocolName: 'range',
      protocolType: 'consumer',
      skipAssignment: false,
      members: [{ memberId: 'a', groupInstanceId: null, metadata: Buffer.from('m') }],
    })
  })

  test('an id that was given out is good for a session', async () => {
    await bench.join({ newId: 'a' })
    await bench.clock.advance(SESSION_MS)
    expect((await bench.join({ id: 'a' })).outcome).toBe('UNKNOWN_MEMBER_ID')
    expect(bench.clock.pending).toBe(0)
  })

  test('before version 4 the first request is enough', async () => {
    const first = await bench.join({ newId: 'a', version: 3 })
    expect([first.outcome, first.answer?.memberId]).toEqual(['NONE', 'a'])
  })

  test('the others wait for everybody, and only the leader is told of all', async () => {
    await bench.stable('a')
    const newcomer = await bench.join({ newId: 'b', version: 3 })
    expect(newcomer.outcome).toBe('waits')
    expect(beat('a')).toBe('REBALANCE_IN_PROGRESS')
    const again = await bench.join({ id: 'a' })
    expect([newcomer.outcome, again.outcome]).toEqual(['NONE', 'NONE'])
    expect(again.answer?.members?.map(({ memberId }) => memberId)).toEqual(['a', 'b'])
    expect(newcomer.answer).toMatchObject({ leader: 'a', members: [], generationId: 2 })
  })

  test('the group waits for somebody who was given an id', async () => {
    await bench.stable('a')
    await bench.join({ newId: 'b' })
    const again = await bench.join({ id: 'a', protocols: { range: 'changed' } })
    expect(again.outcome).toBe('waits')
    const b = await bench.join({ id: 'b' })
    expect([again.outcome, b.outcome]).toEqual(['NONE', 'NONE'])
  })

  test('a request that is repeated gives its first one up', async () => {
    await bench.stable('a', 'b')
    const first = await bench.join({ id: 'a', protocols: { range: '1' } })
    const second = await bench.join({ id: 'a', protocols: { range: '1' } })
    expect([first.outcome, second.outcome]).toEqual(['REBALANCE_IN_PROGRESS', 'waits'])
  })

  test('a follower of a stable group that changed nothing is told its generation', async () => {
    await bench.stable('a', 'b')
    const again = await bench.join({ id: 'b' })
    expect(again.answer).toMatchObject({ errorCode: 0, generationId: 2, members: [] })
    expect(bench.group.stateName).toBe('Stable')
  })

  test('the leader of a stable group rebalances it by joining again', async () => {
    await bench.stable('a', 'b')
    expect((await bench.join({ id: 'a' })).outcome).toBe('waits')
    expect(bench.group.stateName).toBe('PreparingRebalance')
  })

  test('an answer that was lost is given again', async () => {
    await bench.completing('a', 'b')
    const again = await bench.join({ id: 'a' })
    expect(again.answer?.members).toHaveLength(2)
    expect(bench.group.generationId).toBe(2)
  })

  test('the protocol is the one that most like best among those that all have', async () => {
    const first = { range: '', sticky: '', mine: '' }
    await bench.join({ newId: 'a', version: 3, protocols: first })
    await bench.join({ newId: 'b', version: 3, protocols: { sticky: '', range: '' } })
    await bench.join({ newId: 'c', version: 3, protocols: { sticky: '', range: '' } })
    const chosen = await bench.join({ id: 'a', protocols: first })
    await bench.join({ id: 'b', protocols: { sticky: '', range: '' } })
    await bench.join({ id: 'c', protocols: { sticky: '', range: '' } })
    expect([chosen.outcome, bench.group.protocol]).toEqual(['NONE', 'sticky'])
  })

  test.each([
    [{ protocols: { other: '' } }],
    [{ protocols: {} }],
    [{ protocolType: 'connect' }],
    [{ protocolType: '' }],
  ])('%j does not go with the others', async odd => {
    await bench.stable('a')
    const refused = await bench.join({ newId: 'b', version: 3, ...odd })
    expect(refused.outcome).toBe('INCONSISTENT_GROUP_PROTOCOL')
    expect(memberIds()).toEqual(['a'])
  })

  test('an empty group takes any protocol, but some', async () => {
    await bench.stable('a')
    goes('a')
    expect((await bench.join({ version: 3, protocols: {} })).outcome).toBe(
      'INCONSISTENT_GROUP_PROTOCOL',
    )
    await bench.join({ newId: 'b', version: 3, protocolType: 'connect', protocols: { x: '' } })
    expect(bench.group.protocolType).toBe('connect')
  })

  test('a full group takes nobody else', async () => {
    bench = new ClassicBench({ 'group.max.size': '2' })
    await bench.stable('a', 'b')
    const third = await bench.join({ newId: 'c', version: 3 })
    expect(third.outcome).toBe('GROUP_MAX_SIZE_REACHED')
    expect((await bench.join({ id: 'a' })).outcome).toBe('waits')
    // In a rebalance those count that have come back.
    const fourth = await bench.join({ newId: 'd', version: 3 })
    expect(fourth.outcome).toBe('waits')
    expect((await bench.join({ id: 'b' })).outcome).toBe('GROUP_MAX_SIZE_REACHED')
    expect(memberIds()).toEqual(['a', 'd'])
    expect(bench.group.stateName).toBe('CompletingRebalance')
  })
})

describe('an initial delay', () => {
  beforeEach(() => {
    bench = new ClassicBench({ 'group.initial.rebalance.delay.ms': '3000' })
  })

  test('gathers the first members', async () => {
    const a = await bench.join({ newId: 'a', version: 3 })
    await bench.clock.advance(2000)
    const b = await bench.join({ newId: 'b', version: 3 })
    await bench.clock.advance(1000)
    expect([a.outcome, b.outcome]).toEqual(['waits', 'waits'])
    await bench.clock.advance(3000)
    expect([a.outcome, b.outcome]).toEqual(['NONE', 'NONE'])
    expect(bench.group.generationId).toBe(1)
  })

  test('ends with the rebalance timeout however many come', async () => {
    const a = await bench.join({ newId: 'a', version: 3, rebalanceMs: 7000 })
    for (let i = 0; i < 7; i++) {
      await bench.join({ newId: `b${i}`, version: 3, rebalanceMs: 7000 })
      await bench.clock.advance(1000)
    }
    expect(a.outcome).toBe('NONE')
  })

  test('is for nothing if all leave', async () => {
    await bench.join({ newId: 'a', version: 3 })
    goes('a')
    await bench.clock.advance(3000)
    expect([bench.group.stateName, bench.clock.pending]).toEqual(['Empty', 0])
  })
})

describe('timeouts', () => {
  test('a silent member is put out, and the others rebalance', async () => {
    await bench.stable('a', 'b')
    await wait(SESSION_MS - 1, 'b')
    expect(memberIds()).toEqual(['a', 'b'])
    await wait(1, 'b')
    expect(memberIds()).toEqual(['b'])
    expect(beat('b')).toBe('REBALANCE_IN_PROGRESS')
    expect((await bench.join({ id: 'b' })).answer).toMatchObject({ errorCode: 0, leader: 'b' })
  })

  test('all silent members leave an empty group and no timer', async () => {
    await bench.stable('a', 'b')
    await bench.clock.advance(SESSION_MS)
    expect([bench.group.stateName, bench.clock.pending]).toEqual(['Empty', 0])
    expect(bench.group.generationId).toBe(3)
  })

  test('heartbeats cost no timers', async () => {
    await bench.stable('a')
    const timers = bench.clock.pending
    for (let i = 0; i < 100; i++) beat('a')
    expect(bench.clock.pending).toBe(timers)
  })

  test('who waits for the others need not heartbeat', async () => {
    await bench.stable('a', 'b')
    const a = await bench.join({ id: 'a' })
    await wait(REBALANCE_MS - 1, 'b')
    expect(a.outcome).toBe('waits')
    await wait(1, 'b')
    expect(a.answer).toMatchObject({ errorCode: 0, members: [{ memberId: 'a' }] })
    expect(beat('b', 2)).toBe('UNKNOWN_MEMBER_ID')
  })

  test('who never syncs is put out after the rebalance timeout, though it heartbeats', async () => {
    await bench.completing('a', 'b')
    const synced = await bench.sync('a', { assignments: { a: '1', b: '2' } })
    expect(synced.answer?.assignment).toEqual(Buffer.from('1'))
    await wait(REBALANCE_MS, 'a', 'b')
    expect(memberIds()).toEqual(['a'])
    expect(bench.group.stateName).toBe('PreparingRebalance')
  })

  test('a leader that never syncs holds the others up no longer than its session', async () => {
    await bench.completing('a', 'b')
    const b = await bench.sync('b')
    await bench.clock.advance(SESSION_MS)
    expect(b.outcome).toBe('REBALANCE_IN_PROGRESS')
    expect(memberIds()).toEqual(['b'])
  })

  test('a newcomer that was never told its id is forgotten after five minutes', async () => {
    await bench.stable('a')
    const newcomer = await bench.join({ newId: 'b', version: 3, rebalanceMs: 900_000 })
    await wait(299_999, 'a')
    expect(newcomer.outcome).toBe('waits')
    await wait(1, 'a')
    expect(newcomer.outcome).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('syncing', () => {
  test('everybody gets what the leader gave it', async () => {
    await bench.completing('a', 'b', 'c')
    const b = await bench.sync('b')
    expect(b.outcome).toBe('waits')
    const a = await bench.sync('a', { assignments: { a: '1', b: '2' } })
    expect([a, b].map(({ answer }) => String(answer?.assignment))).toEqual(['1', '2'])
    const c = await bench.sync('c')
    expect(c.answer).toMatchObject({ errorCode: 0, protocolName: 'range', assignment: Buffer.of() })
    expect(bench.saved).toHaveLength(1)
  })

  test('a rebalance ends the wait', async () => {
    await bench.completing('a', 'b')
    const b = await bench.sync('b')
    await bench.join({ id: 'a', protocols: { range: 'changed' } })
    expect(b.outcome).toBe('REBALANCE_IN_PROGRESS')
    await bench.clock.advance(SESSION_MS)
    expect(memberIds()).toEqual(['a'])
  })
})

describe('leaving', () => {
  test('several at once rebalance the others once', async () => {
    await bench.stable('a', 'b', 'c')
    bench.moves.length = 0
    expect(goes('a', 'x', 'b')).toEqual(['NONE', 'UNKNOWN_MEMBER_ID', 'NONE'])
    expect(bench.moves).toEqual(['Stable > PreparingRebalance'])
    expect(bench.group.roster.leader).toBe('c')
  })

  test('the last one leaves an empty group, whose type is remembered', async () => {
    await bench.stable('a')
    expect(goes('a')).toEqual(['NONE'])
    expect([bench.group.stateName, bench.group.protocolType]).toEqual(['Empty', 'consumer'])
    expect([bench.group.generationId, bench.clock.pending]).toEqual([2, 0])
  })

  test('somebody who was to join may leave too', async () => {
    await bench.stable('a')
    await bench.join({ newId: 'b' })
    const a = await bench.join({ id: 'a' })
    expect(a.outcome).toBe('waits')
    expect(goes('b')).toEqual(['NONE'])
    expect(a.outcome).toBe('waits')
    await settle()
    expect(a.outcome).toBe('NONE')
  })

  test('during the join phase it ends the wait for it', async () => {
    await bench.stable('a', 'b')
    const a = await bench.join({ id: 'a' })
    goes('b')
    await settle()
    expect(a.answer?.members).toHaveLength(1)
  })
})

describe('what each state answers', () => {
  const states: Record<string, () => Promise<unknown>> = {
    Empty: async () => {
      await bench.stable('a', 'b')
      goes('a', 'b')
    },
    PreparingRebalance: async () => {
      await bench.stable('a', 'b')
      await bench.join({ id: 'a' })
    },
    CompletingRebalance: () => bench.completing('a', 'b'),
    Stable: () => bench.stable('a', 'b'),
  }
  const unknown = 'UNKNOWN_MEMBER_ID'
  const late = 'ILLEGAL_GENERATION'

  test.each([
    // state, heartbeat, of another generation, commit of b, of another generation, from outside
    ['Empty', unknown, unknown, unknown, unknown, 'NONE'],
    ['PreparingRebalance', 'REBALANCE_IN_PROGRESS', late, 'NONE', late, unknown],
    ['CompletingRebalance', 'NONE', late, 'REBALANCE_IN_PROGRESS', late, unknown],
    ['Stable', 'NONE', late, 'NONE', late, unknown],
  ])('%s', async (state, beats, beatsLate, commits, commitsLate, commitsOutside) => {
    await states[state]!()
    const { generationId, stateName } = bench.group
    expect(stateName).toBe(state)
    expect(beat('b')).toBe(beats)
    expect(beat('b', generationId - 1)).toBe(beatsLate)
    expect(beat('nobody')).toBe(unknown)
    expect(commit('b', generationId)).toBe(commits)
    expect(commit('b', generationId - 1)).toBe(commitsLate)
    expect(commit('nobody', generationId)).toBe(unknown)
    expect(commit('', -1)).toBe(commitsOutside)
    const txn = { memberId: '', epoch: -1, instanceId: null }
    expect(bench.group.txnCommitError(txn)).toBe(undefined)
  })

  test.each([
    ['Empty', unknown, unknown],
    ['PreparingRebalance', 'REBALANCE_IN_PROGRESS', late],
    ['CompletingRebalance', 'waits', late],
    ['Stable', 'NONE', late],
  ])('%s to a sync', async (state, syncs, syncsLate) => {
    await states[state]!()
    const { generationId } = bench.group
    expect((await bench.sync('b', { generationId: generationId - 1 })).outcome).toBe(syncsLate)
    expect((await bench.sync('b')).outcome).toBe(syncs)
    expect((await bench.sync('nobody')).outcome).toBe(unknown)
  })
})

describe('static members (KIP-345)', () => {
  const instanceId = 'i'

  async function stableWithStatic(): Promise<void> {
    await bench.join({ newId: 'a', version: 3 })
    await bench.join({ newId: 's1', instanceId })
    await bench.join({ id: 'a' })
    await bench.sync('s1', { instanceId })
    await bench.sync('a', { assignments: { a: '1', s1: '2' } })
    expect(bench.group.stateName).toBe('Stable')
  }

  test('join at once, and come back without a rebalance', async () => {
    await stableWithStatic()
    const generation = bench.group.generationId
    const back = await bench.join({ newId: 's2', instanceId })
    expect(back.answer).toMatchObject({ memberId: 's2', generationId: generation, leader: 'a' })
    expect(bench.group.stateName).toBe('Stable')
    const synced = await bench.sync('s2', { instanceId })
    expect(String(synced.answer?.assignment)).toBe('2')
    expect(heartbeat(bench.group, 's1', instanceId, generation)).toBe('FENCED_INSTANCE_ID')
    expect(heartbeat(bench.group, 's2', instanceId, generation)).toBe(undefined)
    expect((await bench.sync('s1', { instanceId })).outcome).toBe('FENCED_INSTANCE_ID')
    expect(commit('s1', generation, instanceId)).toBe('FENCED_INSTANCE_ID')
    expect((await bench.join({ id: 's1', instanceId })).outcome).toBe('FENCED_INSTANCE_ID')
    expect((await bench.join({ id: 'x', instanceId: 'no' })).outcome).toBe('UNKNOWN_MEMBER_ID')
  })

  test('a leader that comes back is told not to assign (KIP-814), or that it does not lead', async () => {
    await bench.join({ newId: 's1', instanceId })
    await bench.sync('s1', { instanceId, assignments: { s1: '1' } })
    const back = await bench.join({ newId: 's2', instanceId })
    expect(back.answer).toMatchObject({ leader: 's2', skipAssignment: true })
    expect(back.answer?.members).toHaveLength(1)
    const older = await bench.join({ newId: 's3', instanceId, version: 8 })
    expect(older.answer).toMatchObject({ leader: 's2', skipAssignment: false, members: [] })
  })

  test('one that comes back with another protocol rebalances', async () => {
    await bench.join({ newId: 's1', instanceId, protocols: { range: '', sticky: '' } })
    await bench.sync('s1', { instanceId })
    const back = await bench.join({ newId: 's2', instanceId, protocols: { sticky: '' } })
    expect(back.answer).toMatchObject({ errorCode: 0, generationId: 2, protocolName: 'sticky' })
  })

  test('one that comes back in a rebalance fences its other self', async () => {
    await stableWithStatic()
    await bench.join({ id: 'a' })
    const old = await bench.join({ id: 's1', instanceId })
    expect(old.outcome).toBe('NONE')
    const waiting = await bench.sync('s1', { instanceId })
    expect(waiting.outcome).toBe('waits')
    const back = await bench.join({ newId: 's2', instanceId })
    expect([waiting.outcome, back.outcome]).toEqual(['FENCED_INSTANCE_ID', 'waits'])
    expect(bench.group.stateName).toBe('PreparingRebalance')
  })

  test('are not put out for missing a rebalance, but for a session', async () => {
    bench = new ClassicBench()
    await stableWithStatic()
    const a = await bench.join({ id: 'a', rebalanceMs: 5000 })
    await bench.join({ newId: 's2', instanceId, rebalanceMs: 5000 })
    await settle()
    expect(a.outcome).toBe('NONE')
    await bench.sync('a')
    await bench.join({ id: 'a', rebalanceMs: 5000 })
    await bench.clock.advance(5000)
    expect(memberIds().sort()).toEqual(['a', 's2'])
    await bench.clock.advance(5000)
    expect(memberIds()).not.toContain('s2')
  })

  test('can be taken out by an admin by their instance id', async () => {
    await stableWithStatic()
    const outcomes = leave(bench.group, [
      { memberId: '', groupInstanceId: 'no' },
      { memberId: 's0', groupInstanceId: instanceId },
      { memberId: '', groupInstanceId: instanceId },
    ])
    expect(outcomes).toEqual(['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', undefined])
    expect(memberIds()).toEqual(['a'])
  })
})

describe('a coordinator that moves', () => {
  test('sends those who wait there away; newcomers come as somebody else', async () => {
    await bench.stable('a', 'b')
    const a = await bench.join({ id: 'a' })
    const newcomer = await bench.join({ newId: 'c', version: 3 })
    bench.group.sendAway(1)
    await settle()
    expect([a.outcome, newcomer.outcome]).toEqual(['waits', 'waits'])
    bench.group.sendAway(2)
    await settle()
    expect([a.outcome, newcomer.outcome]).toEqual(['NOT_COORDINATOR', 'NOT_COORDINATOR'])
    expect(memberIds()).toEqual(['a', 'b'])
    const back = await bench.join({ id: 'a' })
    await bench.join({ id: 'b' })
    expect(back.outcome).toBe('NONE')
  })
})

describe('what a group reads', () => {
  test('is in the subscriptions of consumers', async () => {
    const metadata = encodeVersioned(ConsumerProtocolSubscription, 3, { topics: ['orders'] })
    const protocols = { range: metadata.toString('latin1') }
    await bench.join({ newId: 'a', version: 3, protocols })
    expect(bench.group.subscribes('orders')).toBe(true)
    expect(bench.group.subscribes('other')).toBe(false)
    goes('a')
    expect(bench.group.subscribes('orders')).toBe(false)
  })

  test('may be anything if consumers say it in a way of their own', async () => {
    await bench.stable('a')
    expect(bench.group.subscribes('orders')).toBe(true)
    expect(bench.group.offsetDeleteError()).toBe(undefined)
  })

  test('is nothing for others, whose offsets stay while they are there', async () => {
    await bench.join({ newId: 'a', version: 3, protocolType: 'connect' })
    expect(bench.group.subscribes('orders')).toBe(false)
    expect(bench.group.offsetDeleteError()).toBe('NON_EMPTY_GROUP')
    expect(bench.group.idleSince('orders', 1)).toBe(undefined)
  })
})
