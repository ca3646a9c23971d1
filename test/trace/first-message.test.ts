import { expect, test } from 'vitest'
import { paperLines } from '../../src/cli/trace/paper.ts'
import { type AnyEvent, listenTo } from '../../src/events.ts'
import { traced } from '../../src/trace/recorder.ts'
import { traceOf } from './running.ts'

const plain = (_: unknown, text: string) => text

/** The trace, and what a listener of its own heard meanwhile of the producer and its topic. */
async function heard(): Promise<{
  events: AnyEvent[]
  trace: Awaited<ReturnType<typeof traceOf>>
}> {
  const events: AnyEvent[] = []
  const stop = listenTo(traced, event => {
    const isOurs = 'topic' in event ? event.topic.startsWith('greetings') : isOfProducer(event)
    if (isOurs) events.push(event)
  })
  const trace = await traceOf('first-message')
  stop()
  return { events, trace }
}

const isOfProducer = ({ source, name }: AnyEvent) =>
  source.clientId.startsWith('producer@') && name !== 'broker:answered'

const bigints = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
const numbersIn = (text: string) => (text.match(/\d+(\.\d+)?/g) ?? []).map(Number)

test('has the four steps, each figure as the events themselves say', async () => {
  const { events, trace } = await heard()
  const text = paperLines(trace, 400, plain).join('\n')
  const steps = text.match(/Step \d of 4\n.*/g)
  expect(steps?.map(each => each.split('\n')[1])).toEqual([
    "producer = new Producer({ 'linger.ms': 60000, acks: 'all' })",
    expect.stringMatching(/^producer\.produce\({ topic: 'greetings/),
    'await producer.flush()',
    'await producer.close()',
  ])

  const told = trace.steps.flatMap(step => (step.event ? [step] : []))
  const interesting = events.filter(event => told.some(({ event: own }) => own?.at === event.at))
  expect(interesting.map(({ name }) => name)).toEqual(told.map(({ event }) => event!.name))
  for (const [i, step] of told.entries()) {
    const said = JSON.stringify(interesting[i], bigints)
    const known = new Set(numbersIn(said))
    const printed = numbersIn(`${step.action} ${step.out}`)
    expect(printed.filter(each => !known.has(each))).toEqual([])
    const out = step.out === '' ? '' : ` → ${step.out}`
    expect(text).toContain(`${step.action}${out}`)
  }
})

test('tracks the variables as they follow from the events', async () => {
  const { events, trace } = await heard()
  const rows = paperLines(trace, 100, plain)
    .slice(-6)
    .map(line => line.split(/ {2,}/))
  const count = (name: string) => events.filter(event => event.name === name).length
  const settled = events.find(event => event.name === 'batch:settled')
  const appended = events.find(event => event.name === 'record:appended')
  const opened = count('batch:opened')
  const flying = events.find(event => event.name === 'produce:sent')
  const acknowledged = settled!.error ? 0 : settled!.records
  const queued = appended!.queued
  const left = queued - acknowledged
  expect(rows).toEqual([
    ['producer', 'open', 'open', 'open', 'closed'],
    ['queue', '0', `${queued}`, `${queued}→${left}`, `${left}`],
    ['batches', '0', `${opened}`, `${opened}→${opened - count('batch:settled')}`, '0'],
    ['in flight', '0', '0', `${flying!.inFlight}→0`, '0'],
    ['acknowledged', '0', '0', `${acknowledged}`, `${acknowledged}`],
    ['stored', '·', '·', `${acknowledged}`, `${acknowledged}`],
  ])
})
