import { describe, expect, it, test } from 'vitest'
import { modelAt, scenarios, type Trace } from '../../src/trace/index.ts'
import { events, logEnds, traceOf } from './running.ts'

/** What a program was told when one of its calls came back. */
function answers({ entries }: Trace, call: RegExp): string[] {
  const acts = entries.flatMap(entry =>
    entry.is === 'call' && call.test(entry.code) ? [entry.act] : [],
  )
  return entries.flatMap(entry => {
    return entry.is === 'return' && acts.includes(entry.act) ? [entry.text] : []
  })
}

describe.each(scenarios.map(each => [each.name] as const))('%s', name => {
  it('plays to its end, and every record has its outcome', async () => {
    const trace = await traceOf(name)
    const { steps } = trace
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1))
    for (const [i, step] of steps.entries()) {
      const before = steps[i - 1] ?? step
      expect(step.act).toBeGreaterThanOrEqual(before.act)
      expect(step.at).toBeGreaterThanOrEqual(before.at)
      expect(`${step.action} ${step.out} ${step.state}`).not.toMatch(/undefined|NaN|\[object/)
    }
    const calls = trace.entries.filter(({ is }) => is === 'call').length
    expect(trace.entries.filter(({ is }) => is === 'return')).toHaveLength(calls)

    const model = modelAt(trace.entries, Number.POSITIVE_INFINITY)
    for (const producer of Object.values(model.producers)) {
      expect(producer).toMatchObject({ state: 'closed', queued: 0, inFlight: 0, requests: [] })
      const phases = Object.values(producer.batches).map(({ phase }) => phase)
      expect(phases.every(phase => phase === 'delivered' || phase === 'failed')).toBe(true)
    }
    const settled = events(trace, 'batch:settled').reduce((sum, { records }) => sum + records, 0)
    expect(settled).toBe(events(trace, 'record:appended').length)
  })

  it('says of the logs what the brokers say', async () => {
    const { logs } = modelAt((await traceOf(name)).entries, Number.POSITIVE_INFINITY)
    expect(Object.keys(logs)).not.toEqual([])
    for (const { topic, partition, end, entries } of Object.values(logs)) {
      expect((await logEnds(topic))[partition]).toBe(end)
      expect(entries.reduce((sum, { records }) => sum + records, 0)).toBe(end)
    }
  })
})

test('equal keys meet in one partition, in order', async () => {
  const trace = await traceOf('keys')
  const places = new Map<string, Set<number>>()
  for (const { key, partition } of events(trace, 'record:appended')) {
    places.set(key!, (places.get(key!) ?? new Set()).add(partition))
  }
  expect([...places.values()].map(({ size }) => size)).toEqual([1, 1, 1, 1])
  const [read = ''] = answers(trace, /messages/)
  const ofAda = read.split(', ').filter(value => value.endsWith('ada'))
  expect(ofAda).toEqual(['task 1 of ada', 'task 4 of ada', 'task 7 of ada'])
})

test('batches leave when they are full, the last when its time is over', async () => {
  const trace = await traceOf('batching')
  const batches = events(trace, 'batch:settled')
  expect(batches.length).toBeGreaterThan(2)
  for (const { bytes } of batches) expect(bytes).toBeLessThanOrEqual(400)
  expect(batches.at(-1)?.latencyMs).toBeGreaterThanOrEqual(300)
})

test('the full buffer refuses one record and lets another wait', async () => {
  const trace = await traceOf('buffer-full')
  const full = events(trace, 'buffer:full')
  expect(full.map(({ then }) => then)).toEqual(['refused', 'waits'])
  for (const { bytes, limit } of full) expect(bytes).toBeLessThanOrEqual(limit)
  expect(answers(trace, /^for/)).toEqual([expect.stringMatching(/^BufferFullError BUFFER_FULL/)])
  // Once when what filled it is stored; and once more after the record that came then, since a
  // batch of this size passes the mark of so small a room by itself.
  expect(events(trace, 'buffer:drained')).toHaveLength(2)
  const order = trace.entries.flatMap(entry => (entry.is === 'event' ? entry.event.name : []))
  expect(order.indexOf('buffer:drained')).toBeGreaterThan(order.lastIndexOf('buffer:full'))
})

test('a batch whose answer is lost is sent again under its sequence, and stored once', async () => {
  const trace = await traceOf('retry')
  const sent = events(trace, 'batch:moved').filter(
    ({ to, batch }) => to === 'inFlight' && batch === 2,
  )
  expect(sent.map(({ sends, baseSequence }) => [sends, baseSequence])).toEqual([
    [1, 1],
    [2, 1],
  ])
  const outcomes = events(trace, 'broker:appended').map(({ outcome }) => outcome)
  expect(outcomes).toEqual(['appended', 'appended', 'duplicate'])
  expect(answers(trace, /messages/)).toEqual(['pay 10, pay 25'])
})

test('compressed batches are smaller, and read the same', async () => {
  const trace = await traceOf('compression')
  const [none, gzip, zstd] = events(trace, 'batch:settled').map(({ bytes }) => bytes)
  expect(gzip).toBeLessThan(none! / 2)
  expect(zstd).toBeLessThan(none! / 2)
  const [read = ''] = answers(trace, /messages/)
  expect(read.match(/"event":"click"/g)).toHaveLength(48)
})

test('a reader sees what was committed and not what was aborted', async () => {
  const trace = await traceOf('transaction')
  // Of two partitions, which come in any order.
  const read = (who: RegExp) => answers(trace, who)[0]?.split(', ').toSorted()
  expect(read(/careful\.messages/)).toEqual(['ada -10', 'grace +10'])
  expect(read(/hasty\.messages/)).toEqual(['ada -10', 'ada -99', 'grace +10'])
  expect(events(trace, 'broker:marked').map(({ committed }) => committed)).toEqual([
    true,
    true,
    false,
  ])
})

test('the producer that was taken over is fenced, and what it left open is not read', async () => {
  const trace = await traceOf('fencing')
  expect(answers(trace, /old\.commitTransaction/)).toEqual([expect.stringMatching(/^FencedError/)])
  expect(answers(trace, /messages/)).toEqual(['from the fresh one'])
})

test('members share the partitions; each record is read once', async () => {
  const trace = await traceOf('consumer-group')
  const read = events(trace, 'records:handed')
  expect(read.reduce((sum, { records }) => sum + records, 0)).toBe(12)
  expect(new Set(read.map(({ source }) => source.clientId))).toEqual(new Set(['anna', 'ben']))
})

test('partitions move to the member that joins, and back when it leaves', async () => {
  const trace = await traceOf('rebalance')
  const ofAnna = events(trace, 'share:changed').filter(({ source }) => source.clientId === 'anna')
  const changes = ofAnna.map(({ change, partitions }) => `${change} ${partitions.length}`)
  expect(changes).toEqual(['assigned 4', 'revoked 2', 'assigned 2', 'revoked 4'])
  const read = events(trace, 'records:handed')
  expect(read.reduce((sum, { records }) => sum + records, 0)).toBe(12)
})
