import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Output } from '../../../src/cli/output.ts'

/** A stream that takes bytes only when it is told to. */
class SlowStream extends Writable {
  readonly taken: Buffer[] = []
  #done: (() => void)[] = []

  constructor() {
    super({ highWaterMark: 10 })
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(chunk)
    this.#done.push(done)
  }

  go(): void {
    for (const done of this.#done.splice(0)) done()
  }

  get text(): string {
    return Buffer.concat(this.taken).toString()
  }
}

describe('Output', () => {
  it('gathers what is written, and hands it on at the end of the turn', async () => {
    const stream = new SlowStream()
    const out = new Output(stream)
    out.text('a')
    out.bytes(Buffer.from('b'))
    out.bytes(Buffer.from('c'))
    out.line('é')
    out.json({ n: 1 })
    expect(stream.taken).toEqual([])
    await new Promise(resolve => setImmediate(resolve))
    expect(stream.text).toBe('abcé\n{"n":1}\n')
    expect(stream.taken).toHaveLength(1)
  })

  it('keeps the order of small and large pieces', async () => {
    const stream = new SlowStream()
    const out = new Output(stream)
    const large = 'x'.repeat(200_000)
    const pieces = ['a', large, 'b', 'é'.repeat(50_000), 'c']
    for (const [i, piece] of pieces.entries()) {
      if (i % 2 === 0) out.text(piece)
      else out.bytes(Buffer.from(piece))
    }
    let hasEnded = false
    const ended = out.end().then(() => {
      hasEnded = true
    })
    while (!hasEnded) {
      stream.go()
      await new Promise(resolve => setImmediate(resolve))
    }
    await ended
    expect(stream.text).toBe(pieces.join(''))
  })

  it('waits for a slow reader', async () => {
    const stream = new SlowStream()
    const out = new Output(stream)
    out.text('more than ten bytes')
    let isReady = false
    const ready = out.ready().then(() => {
      isReady = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(isReady).toBe(false)
    stream.go()
    await ready
  })

  it('goes on into the void when the reader has gone, which is no failure', async () => {
    const stream = new SlowStream()
    const out = new Output(stream)
    out.text('more than ten bytes')
    const ready = out.ready()
    stream.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }))
    await ready
    expect(out.gone).toBe(true)
    expect(out.failure).toBeUndefined()
    out.text('x'.repeat(100_000))
    await out.end()
  })

  it('tells of any other failure', async () => {
    const stream = new SlowStream()
    const out = new Output(stream)
    stream.destroy(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }))
    await new Promise(resolve => setImmediate(resolve))
    expect(out.failure?.message).toBe('no space left on device')
  })
})
