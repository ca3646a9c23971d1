import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import { listen, type Producer } from '../../src/index.ts'
import { readBack } from '../contract/read-back.ts'

const KEYS = 997
const TICKS_A_SECOND = 50

interface Report {
  readonly partition: number
  readonly offset: number
}

/** Numbered records, what was reported of each, and whether the log says the same. */
export class Ledger {
  readonly #topic: string
  readonly #reports: (Report | undefined)[]
  readonly #told: Uint8Array
  readonly failures: string[] = []

  constructor(topic: string, records: number) {
    this.#topic = topic
    this.#reports = new Array(records)
    this.#told = new Uint8Array(records)
  }

  /** Produces all records, spread over some seconds, none of them awaited. */
  async produceAll(producer: Producer, seconds: number): Promise<void> {
    const records = this.#told.length
    const perTick = Math.ceil(records / (seconds * TICKS_A_SECOND))
    for (let i = 0; i < records; ) {
      for (const end = Math.min(i + perTick, records); i < end; i++) {
        if (!this.#produce(producer, i)) await producer.drain()
      }
      await pause(1_000 / TICKS_A_SECOND)
    }
  }

  #produce(producer: Producer, at: number): boolean {
    const record = { topic: this.#topic, key: `k${at % KEYS}`, value: `${at}` }
    return producer.produce(record, (error, report) => {
      this.#told[at]!++
      if (error) this.failures.push(`${error.code} ${error.message}`)
      else this.#reports[at] = { partition: report!.partition, offset: report!.offset }
    })
  }

  /** Reads everything back: each record once, where its report said, in order for its key. */
  async expectExactlyOnce(bootstrapServers: string): Promise<void> {
    expect(this.failures).toEqual([])
    expect(this.#told.every(times => times === 1)).toBe(true)
    const times = new Uint8Array(this.#told.length)
    const wrong: string[] = []
    const last = new Map<string, number>()
    for (const { partition, offset, key, value } of await readBack(bootstrapServers, this.#topic)) {
      const number = Number(value)
      times[number]!++
      const report = this.#reports[number]
      if (report?.partition !== partition || report.offset !== offset) {
        wrong.push(`${value} lies at ${partition}/${offset}`)
      }
      const name = `${partition}/${key}`
      if (number <= (last.get(name) ?? -1)) wrong.push(`${value} is out of order in ${name}`)
      last.set(name, number)
    }
    expect(times.findIndex(count => count !== 1)).toBe(-1)
    expect(wrong).toEqual([])
  }
}

/** Counts what a producer had to do again, by its own events. */
export function watchRetries() {
  const counts = { batches: 0, resentBatches: 0, connectionsLost: 0 }
  const stops = [
    listen('batch:settled', ({ sends }) => {
      counts.batches++
      if (sends > 1) counts.resentBatches++
    }),
    listen('connection:moved', ({ from, to }) => {
      if (from === 'ready' && to === 'closed') counts.connectionsLost++
    }),
  ]
  return {
    counts,
    stop() {
      for (const stop of stops) stop()
    },
  }
}
