import { Machine, type Moves } from '../base/machine.ts'
import type { KafkaError } from '../errors.ts'
import { type Publisher, tap } from '../events.ts'
import { slotName } from './group/assignors/assignor.ts'
import type { Portion } from './portion.ts'
import type { StartAt } from './start.ts'

/** A partition of a topic; partitions count from 0. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** What a partition needs before it can be fetched: an offset, from the log or from the group. */
export type Wanted = Exclude<StartAt, number> | 'committed'

/** Where a partition of this consumer stands; the data of a state exists only there. */
export type PartitionState =
  | { readonly is: 'idle' }
  | { readonly is: 'starting'; readonly from: Wanted; readonly deadline: number }
  | { readonly is: 'fetching' }
  /** Nothing more comes until somebody seeks. */
  | { readonly is: 'failed'; readonly error: KafkaError }
  | { readonly is: 'released' }

export const partitionMoves: Moves<PartitionState> = {
  idle: ['starting', 'fetching', 'failed', 'released'],
  starting: ['starting', 'fetching', 'failed', 'released'],
  fetching: ['starting', 'fetching', 'failed', 'released'],
  failed: ['starting', 'fetching', 'released'],
  released: [],
}

const UNKNOWN = -1
const handed = tap('records:handed')

/** One partition that this consumer reads: where it stands, and what was fetched and waits. */
export class ConsumedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  /** Its name among all partitions. */
  readonly slot: string
  readonly #machine: Machine<PartitionState>
  readonly #publisher: Publisher
  #abort: AbortController | undefined
  /** The offset of the next record to be handed out; -1 while it is not known. */
  position = UNKNOWN
  /** All below it is processed: where a commit may point. */
  processed = UNKNOWN
  /** What the group has committed, as far as this consumer knows. */
  committed = UNKNOWN
  /** The leader epoch of what is being handed out (KIP-320). */
  epoch = UNKNOWN
  /** Where the next fetch goes on: ahead of `position` by what waits here. */
  fetchOffset = UNKNOWN
  /** The leader epoch of the last record fetched (KIP-320). */
  fetchedEpoch = UNKNOWN
  highWatermark = UNKNOWN
  lastStableOffset = UNKNOWN
  logStartOffset = UNKNOWN
  paused = false
  /** About to be given up: nothing more is handed out of it. */
  leaving = false
  /** Fetched and not yet handed out, in order. */
  readonly portions: Portion[] = []
  /** The bytes of those, and of the one that is being handed out. */
  bufferedBytes = 0
  /** The end was reached, and that was told. */
  toldEnd = false
  /** A fetch of it is under way. */
  inFlight = false
  /** Counts the seeks; what a fetch brings that began before the last one is dropped. */
  generation = 0
  /** When a broker last answered for it without an error, by the client's clock. */
  heardAt = 0
  /** Not fetched for want of room here, or since its broker asked for silence. */
  heldBack = false
  /** Not fetched before then, after something went wrong. */
  retryAt = 0
  failures = 0
  /** A nearer replica to read from, and until when to believe that (KIP-392). */
  preferred: { readonly nodeId: number; readonly until: number } | undefined

  constructor({ topic, partition }: TopicPartition, publisher: Publisher) {
    this.topic = topic
    this.partition = partition
    this.slot = slotName(this)
    this.#publisher = publisher
    this.#machine = new Machine('partition', partitionMoves, { is: 'idle' }, (from, to) =>
      publisher.publish('partition:moved', { topic, partition, from: from.is, to: to.is }),
    )
  }

  get state(): PartitionState {
    return this.#machine.state
  }

  get isReleased(): boolean {
    return this.#machine.is('released')
  }

  /** Aborts when the partition is gone and its work must stop. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  /** Fetches from `offset` on. */
  startAt(offset: number): void {
    this.#drop()
    this.position = offset
    this.processed = offset
    this.fetchOffset = offset
    this.#machine.to({ is: 'fetching' })
  }

  /** Asks for an offset first; the error comes up if there is none by the deadline. */
  startFrom(from: Wanted, deadline: number): void {
    this.#drop()
    this.position = UNKNOWN
    this.processed = UNKNOWN
    this.#machine.to({ is: 'starting', from, deadline })
  }

  /** Stops here until somebody seeks; what waits is still handed out, and the position stays. */
  fail(error: KafkaError): void {
    this.#machine.to({ is: 'failed', error })
  }

  /** No longer ours; nothing more is handed out. */
  release(): void {
    if (this.isReleased) return
    this.#drop()
    this.#machine.to({ is: 'released' })
  }

  /** The program gets so many records, and is to get what begins at `nextOffset` after them. */
  handOut(nextOffset: number, records: number): void {
    if (handed.hasSubscribers) {
      const { topic, partition } = this
      this.#publisher.publish('records:handed', { topic, partition, records, nextOffset })
    }
    this.position = nextOffset
  }

  /** Tells those who work on its messages to stop. */
  abort(reason: Error): void {
    this.#abort ??= new AbortController()
    this.#abort.abort(reason)
  }

  /** Everything before `offset` is processed, though it was not handed out in order. */
  commitUpTo(offset: number): void {
    if (offset > this.processed && offset <= this.position) this.processed = offset
  }

  /** The end of what can be read now: -1 while no fetch has told. */
  end(isolation: 'read_committed' | 'read_uncommitted'): number {
    return isolation === 'read_committed' ? this.lastStableOffset : this.highWatermark
  }

  #drop(): void {
    this.generation++
    this.portions.length = 0
    this.bufferedBytes = 0
    this.retryAt = 0
    this.failures = 0
    this.fetchedEpoch = UNKNOWN
    this.preferred = undefined
  }
}
