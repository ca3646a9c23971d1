import { describe, expect, it } from 'vitest'
import { Complaints } from '../../../src/cli/complaints.ts'
import { Feed, type Sink } from '../../../src/cli/feed.ts'
import { lineReader } from '../../../src/cli/line-record.ts'
import { noProgress } from '../../../src/cli/progress.ts'
import type { Source } from '../../../src/cli/sources.ts'
import { BufferFullError, DeliveryError, type ProducerRecord } from '../../../src/index.ts'

/** A producer's face with room for a few records, which goes when it is drained. */
class SmallSink implements Sink {
  readonly taken: string[] = []
  waiting = 0
  drains = 0
  readonly #room: number
  failing = ''

  constructor(room: number) {
    this.#room = room
  }

  produce(record: ProducerRecord): boolean {
    if (this.waiting >= this.#room)
      throw new BufferFullError({ code: 'BUFFER_FULL', message: 'full' })
    this.taken.push(String(record.value))
    this.waiting++
    return this.waiting < this.#room
  }

  async send(record: ProducerRecord) {
    const value = String(record.value)
    if (value === this.failing) {
      const message = 'not delivered'
      throw new DeliveryError({ code: 'MESSAGE_TOO_LARGE', message, persisted: 'no', record })
    }
    this.taken.push(value)
    this.waiting = 0
    const { topic } = record
    const key = null
    return {
      topic,
      partition: 0,
      offset: 0,
      timestamp: 0,
      key,
      value,
      headers: undefined,
      latencyMs: 0,
    }
  }

  async drain(): Promise<void> {
    this.drains++
    this.waiting = 0
  }
}

function source(name: string, ...chunks: string[]): Source {
  return {
    name,
    size: undefined,
    async *chunks() {
      for (const chunk of chunks) yield Buffer.from(chunk)
    },
  }
}

function feedInto(sink: Sink, rules = {}, signal = new AbortController().signal) {
  const said: string[] = []
  const complaints = new Complaints(line => said.push(line))
  const feed = new Feed({
    sink,
    read: lineReader({ topic: 't', ...rules }),
    mostBytes: 20,
    complaints,
    progress: noProgress,
    signal,
  })
  return { feed, said, complaints }
}

describe('Feed', () => {
  it('pauses where the producer asks for it, and takes every line of every source', async () => {
    const sink = new SmallSink(2)
    const { feed } = feedInto(sink)
    await feed.run([source('a', '1\n2\n3', '\n4\n5'), source('b', '6\n')])
    expect(sink.taken).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(sink.drains).toBe(3)
    expect(feed).toMatchObject({ taken: 6, refused: 0 })
  })

  it('sends patiently what finds the buffer full', async () => {
    const sink = new SmallSink(1)
    sink.waiting = 1
    sink.failing = 'bad'
    const { feed } = feedInto(sink)
    await feed.run([source('a', 'bad\ngood\n')])
    expect(sink.taken).toEqual(['good'])
    // The failed delivery is counted by the producer, where it happened.
    expect(feed.refused).toBe(0)
  })

  it('refuses bad lines alone, and tells each kind once with its place', async () => {
    const sink = new SmallSink(100)
    const { feed, said, complaints } = feedInto(sink, { keySeparator: ':' })
    await feed.run([source('f', 'a:1\nb\nc\n', `${'x'.repeat(30)}\nd:4\n`)])
    complaints.sumUp()
    expect(sink.taken).toEqual(['1', '4'])
    expect(feed).toMatchObject({ taken: 5, refused: 3 })
    expect(said).toEqual([
      'f, line 2: has no ":" after its key',
      expect.stringMatching(
        /^f, line 4: the line has 30 bytes, more than max\.request\.size \(20\)/,
      ),
      '… and 1 more: has no ":" after its key',
    ])
  })

  it('takes nothing more after an interrupt, nor the line that was cut short', async () => {
    const sink = new SmallSink(1)
    const interrupt = new AbortController()
    sink.drain = () => {
      interrupt.abort()
      return new Promise(() => {})
    }
    const { feed } = feedInto(sink, {}, interrupt.signal)
    await feed.run([source('a', '1\n2\nhal'), source('b', '3\n')])
    expect(sink.taken).toEqual(['1'])
  })
})
