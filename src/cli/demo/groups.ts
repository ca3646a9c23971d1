import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { Happenings } from './happenings.ts'
import type { Order } from './orders.ts'
import { type Job, Reader } from './reader.ts'

/** Orders above it are looked at twice. */
export const FRAUD_LIMIT = 150
/** The second member of the warehouse stops after so many orders. */
const STOPS_AFTER = 50
/** Whatever has not happened by then does not happen. */
const LIMIT_MS = 20_000

export interface GroupPlaces {
  readonly topic: string
  readonly partitions: number
  /** Where the cluster is. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly names: readonly [dashboard: string, fraudCheck: string, warehouse: string]
}

/** How the partitions of the member that stopped came to the other. */
export interface TakeOver {
  readonly partitions: readonly number[]
  readonly afterMs: number
}

/** A reader's name, and what it has read in that order. */
export type ReadBy = Pick<Reader, 'name' | 'read'>

/** What the groups have made of the orders. */
export interface Outcome {
  readonly dashboard: ReadBy
  readonly fraudCheck: ReadBy
  readonly warehouse: readonly [ReadBy, ReadBy]
  readonly cents: number
  readonly suspicious: number
  /** The lines of the warehouse's file. */
  readonly lines: readonly string[]
}

/**
 * Three groups that each read every order: a dashboard that adds up, a fraud check, and a warehouse
 * whose two members share the partitions and write one file.
 */
export class Groups {
  readonly #dashboard: Reader
  readonly #fraudCheck: Reader
  readonly #warehouse: readonly [Reader, Reader]
  readonly #partitions: number
  readonly #folder: string
  readonly #file: FileHandle
  readonly #happenings = new Happenings(systemClock)
  #cents = 0
  #suspicious = 0

  private constructor(places: GroupPlaces, folder: string, file: FileHandle) {
    const [dashboard, fraudCheck, warehouse] = places.names
    this.#partitions = places.partitions
    this.#folder = folder
    this.#file = file
    const write = async ({ line }: Order) => void (await file.write(`${line}\n`))
    this.#dashboard = this.#reader(places, 'dashboard', dashboard, ({ amount }) => {
      this.#cents += Math.round(amount * 100)
    })
    this.#fraudCheck = this.#reader(places, 'fraud-check', fraudCheck, ({ amount }) => {
      if (amount > FRAUD_LIMIT) this.#suspicious++
    })
    this.#warehouse = [
      this.#reader(places, 'warehouse-1', warehouse, write),
      this.#reader(places, 'warehouse-2', warehouse, write, STOPS_AFTER),
    ]
  }

  /** Resolves when each group has shared out the partitions. */
  static async start(places: GroupPlaces): Promise<Groups> {
    const folder = await mkdtemp(join(tmpdir(), 'posthaste-demo-'))
    const groups = new Groups(places, folder, await open(join(folder, 'orders.jsonl'), 'a'))
    try {
      await Promise.all(groups.#readers.map(reader => reader.start()))
      const half = places.partitions / 2
      await groups.#until(() =>
        groups.#warehouse.every(({ partitions }) => partitions.size === half),
      )
      return groups
    } catch (error) {
      await groups[Symbol.asyncDispose]()
      throw error
    }
  }

  /** When one member of the warehouse has done its part it leaves, and the other takes over. */
  async takeOver(): Promise<TakeOver | undefined> {
    const [first, second] = this.#warehouse
    if (!(await this.#until(() => second.read.length === STOPS_AFTER))) return undefined
    const partitions = [...second.partitions].sort((a, b) => a - b)
    const since = systemClock.now()
    await second.stop()
    const hasAll = await this.#until(() => first.partitions.size === this.#partitions)
    return hasAll ? { partitions, afterMs: systemClock.now() - since } : undefined
  }

  /** What they have made, when each group has read so many orders, or it takes too long. */
  async outcome(orders: number): Promise<Outcome> {
    const [dashboard, fraudCheck, warehouse] = [this.#dashboard, this.#fraudCheck, this.#warehouse]
    const groups = [[dashboard], [fraudCheck], warehouse]
    await this.#until(() => groups.every(members => readBy(members) >= orders))
    await this.#stop()
    const lines = (await readFile(join(this.#folder, 'orders.jsonl'), 'utf8')).split('\n')
    return {
      dashboard,
      fraudCheck,
      warehouse,
      cents: this.#cents,
      suspicious: this.#suspicious,
      lines: lines.filter(line => line !== ''),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop()
    await this.#file.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #readers(): readonly Reader[] {
    return [this.#dashboard, this.#fraudCheck, ...this.#warehouse]
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#readers.map(reader => reader.stop()))
  }

  #until(holds: () => boolean): Promise<boolean> {
    return this.#happenings.until(holds, LIMIT_MS)
  }

  #reader(places: GroupPlaces, name: string, group: string, job: Job, stopsAfter?: number): Reader {
    const settings = {
      ...places.settings,
      'group.id': group,
      'auto.offset.reset': 'earliest',
      // A member hears with a heartbeat that others come or go; by default these are 3 s apart.
      'heartbeat.interval.ms': 100,
    }
    const happenings = this.#happenings
    return new Reader({ name, topic: places.topic, settings, happenings, job, stopsAfter })
  }
}

function readBy(members: readonly Reader[]): number {
  return members.reduce((sum, { read }) => sum + read.length, 0)
}
