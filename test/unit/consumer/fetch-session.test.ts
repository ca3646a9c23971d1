import { expect, test } from 'vitest'
import { FetchSession, type Wish } from '../../../src/consumer/fetch-session.ts'

function wish(partition: number, fetchOffset: number, more: Partial<Wish> = {}): Wish {
  const ids = { topic: 't', topicId: 'one', currentLeaderEpoch: 3, lastFetchedEpoch: -1 }
  return { ...ids, partition, fetchOffset, ...more }
}

function wanted(...wishes: Wish[]): Map<string, Wish> {
  return new Map(wishes.map(each => [`${each.partition}/${each.topic}`, each]))
}

/** What a request would say: its session, what it names, what it takes back. */
function step(session: FetchSession, wishes: Wish[], byId = true) {
  const { sessionId, sessionEpoch, told, forgotten } = session.next(wanted(...wishes), byId)
  return [`${sessionId}@${sessionEpoch}`, told.map(offsets), forgotten.map(offsets)]
}

function offsets({ partition, fetchOffset }: Wish): string {
  return `${partition}:${fetchOffset}`
}

test('names everything first, then only what changed, and what it no longer wants', () => {
  const session = new FetchSession()
  expect(step(session, [wish(0, 5), wish(1, 7)])).toEqual(['0@0', ['0:5', '1:7'], []])
  session.answered({ errorCode: 0, sessionId: 77 })
  expect(step(session, [wish(0, 5), wish(1, 8)])).toEqual(['77@1', ['1:8'], []])
  session.answered({ errorCode: 0, sessionId: 77 })
  expect(step(session, [wish(1, 8), wish(2, 0)])).toEqual(['77@2', ['2:0'], ['0:5']])
  session.answered({ errorCode: 0, sessionId: 77 })
  expect(step(session, [wish(1, 8), wish(2, 0)])).toEqual(['77@3', [], []])
  session.answered({ errorCode: 0, sessionId: 77 })
  const newEpoch = wish(1, 8, { currentLeaderEpoch: 4 })
  expect(step(session, [newEpoch, wish(2, 0, { lastFetchedEpoch: 4 })])).toEqual([
    '77@4',
    ['1:8', '2:0'],
    [],
  ])
})

test('a broker that keeps no session gets everything each time', () => {
  const session = new FetchSession()
  for (let i = 0; i < 3; i++) {
    expect(step(session, [wish(0, 5)])).toEqual(['0@0', ['0:5'], []])
    session.answered({ errorCode: 0, sessionId: 0 })
  }
})

test.each([
  ['FETCH_SESSION_ID_NOT_FOUND', 70, '0@0'],
  ['INVALID_FETCH_SESSION_EPOCH', 71, '9@0'],
  ['FETCH_SESSION_TOPIC_ID_ERROR', 106, '9@0'],
])('%s begins a session anew', (_name, errorCode, next) => {
  const session = new FetchSession()
  step(session, [wish(0, 5)])
  session.answered({ errorCode: 0, sessionId: 9 })
  step(session, [wish(0, 5)])
  session.answered({ errorCode, sessionId: 0 })
  expect(step(session, [wish(0, 5)])).toEqual([next, ['0:5'], []])
  session.answered({ errorCode: 0, sessionId: 10 })
  expect(step(session, [wish(0, 6)])).toEqual(['10@1', ['0:6'], []])
})

test('a request without an answer closes the old session and begins anew', () => {
  const session = new FetchSession()
  step(session, [wish(0, 5)])
  session.answered({ errorCode: 0, sessionId: 9 })
  step(session, [wish(0, 6)])
  session.drop()
  expect(step(session, [wish(0, 6)])).toEqual(['9@0', ['0:6'], []])
})

test('a topic that was made anew replaces the old one; by name a new session does', () => {
  const session = new FetchSession()
  step(session, [wish(0, 5)])
  session.answered({ errorCode: 0, sessionId: 9 })
  const anew = wish(0, 0, { topicId: 'two' })
  expect(step(session, [anew])).toEqual(['9@1', ['0:0'], ['0:5']])
  session.answered({ errorCode: 0, sessionId: 9 })
  expect(step(session, [anew], false)).toEqual(['9@0', ['0:0'], []])
})

test('the epoch begins again at 1 after the largest', () => {
  const session = new FetchSession({ id: 9, epoch: 2_147_483_647 })
  expect(step(session, [])[0]).toBe('9@2147483647')
  session.answered({ errorCode: 0, sessionId: 9 })
  expect(step(session, [])[0]).toBe('9@1')
})
