import { asError, Consumer } from '../../index.ts'
import type { ReadRecord } from './checks.ts'
import type { Happenings } from './happenings.ts'
import { type Order, parseOrder } from './orders.ts'

/** What a reader does with each order; the next one comes when it is done. */
export type Job = (order: Order) => void | Promise<void>

interface ReaderParts {
  readonly name: string
  readonly topic: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly happenings: Happenings
  readonly job: Job
  /** It stops when it has done so many. */
  readonly stopsAfter: number | undefined
}

/** One member of a group: it has a share of the partitions, and does its job with their orders. */
export class Reader {
  readonly name: string
  readonly read: ReadRecord[] = []
  /** The partitions that it has now. */
  readonly partitions = new Set<number>()
  readonly #parts: ReaderParts
  readonly #consumer: Consumer
  #loop = Promise.resolve()

  constructor(parts: ReaderParts) {
    this.name = parts.name
    this.#parts = parts
    this.#consumer = new Consumer(parts.settings)
  }

  /** Joins the group, and reads from now on. */
  async start(): Promise<void> {
    const { topic, happenings } = this.#parts
    await this.#consumer.subscribe([topic], {
      assigned: slots => {
        for (const { partition } of slots) this.partitions.add(partition)
        happenings.happened()
      },
      revoked: slots => {
        for (const { partition } of slots) this.partitions.delete(partition)
        happenings.happened()
      },
    })
    this.#loop = this.#work().catch(thrown => happenings.failed(asError(thrown)))
  }

  /** Commits what is done and leaves the group. */
  async stop(): Promise<void> {
    this.#consumer.stop()
    await this.#loop
    await this.#consumer.close()
  }

  async #work(): Promise<void> {
    const { job, happenings, stopsAfter } = this.#parts
    for await (const { partition, offset, key, value } of this.#consumer) {
      const text = String(value)
      await job(parseOrder(text))
      this.read.push({ partition, offset, key: String(key), value: text })
      // The order in work counts as done: the loop ends when it asks for the next.
      if (this.read.length === stopsAfter) this.#consumer.stop()
      happenings.happened()
    }
  }
}
