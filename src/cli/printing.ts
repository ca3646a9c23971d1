import { systemClock, type Timer } from '../base/clock.ts'
import type { Consumer, Message } from '../index.ts'
import type { Printer } from './format.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'

export interface PrintingParts {
  readonly consumer: Consumer
  /** Whether it reads as a member of a group, which must know what was processed. */
  readonly isMember: boolean
  readonly flags: PrintingFlags
  readonly print: Printer
  readonly out: Output
  readonly progress: Progress
}

interface PrintingFlags {
  readonly maxMessages?: number
  readonly exitAtEnd?: boolean
  readonly timeout?: number
}

/** So many records go by between two looks at the clock for the progress bar. */
const RECORDS_A_LOOK = 1_024

/** The loop from a consumer to standard output, at the pace of whoever reads that. */
export class Printing {
  count = 0
  readonly #parts: PrintingParts
  readonly #most: number
  #heardAt = 0
  /** Whether the reader, not the topic, is what is waited for. */
  #isHeldUp = false
  #silence: Timer | undefined

  constructor(parts: PrintingParts) {
    this.#parts = parts
    this.#most = parts.flags.maxMessages ?? Number.POSITIVE_INFINITY
  }

  /** Resolves at the end that the flags ask for, at `consumer.stop()`, or when the reader goes. */
  async run(): Promise<void> {
    const { isMember, flags } = this.#parts
    const { timeout, exitAtEnd } = flags
    if (this.#most === 0) return
    this.#heardAt = systemClock.now()
    if (timeout !== undefined) this.#watch(timeout, timeout)
    const until = exitAtEnd ? ({ until: 'end' } as const) : {}
    try {
      await (isMember ? this.#oneByOne(until) : this.#batchwise(until))
    } finally {
      this.#silence?.cancel()
    }
  }

  async #batchwise(until: { until?: 'end' }): Promise<void> {
    const { consumer, out } = this.#parts
    for await (const batch of consumer.batches(until)) {
      for (const message of batch) {
        if (this.count < this.#most) this.#print(message)
      }
      this.#heardAt = systemClock.now()
      await this.#ready()
      if (out.gone || this.count >= this.#most) break
    }
  }

  /** A group's offsets move on with each record: what is not printed is not processed. */
  async #oneByOne(until: { until?: 'end' }): Promise<void> {
    const { consumer, out } = this.#parts
    for await (const message of consumer.messages(until)) {
      this.#print(message)
      this.#heardAt = systemClock.now()
      if (out.isFull) await this.#ready()
      if (out.gone) break
      // Not by break, after which the last record would not count as processed.
      if (this.count >= this.#most) consumer.stop()
    }
  }

  #print(message: Message): void {
    const { print, out, progress } = this.#parts
    print(message, out)
    this.count++
    if (this.count % RECORDS_A_LOOK === 0) progress.update(this.count, this.count)
  }

  async #ready(): Promise<void> {
    this.#isHeldUp = true
    await this.#parts.out.ready()
    this.#isHeldUp = false
    this.#heardAt = systemClock.now()
  }

  /** Ends the loop when nothing has come for `timeout` milliseconds. */
  #watch(timeout: number, wait: number): void {
    this.#silence = systemClock.after(wait, () => {
      const left = this.#isHeldUp ? timeout : this.#heardAt + timeout - systemClock.now()
      if (left <= 0) this.#parts.consumer.stop()
      else this.#watch(timeout, Math.ceil(left))
    })
  }
}
