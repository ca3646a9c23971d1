import type { Batch } from './batch.ts'

/** The identity under which a partition's batches are numbered, and the number of the next. */
export interface Numbering {
  readonly producerId: bigint
  readonly producerEpoch: number
  next: number
}

const SEQUENCES = 2 ** 31

/** Sequence numbers go from 0 to 2^31-1 and then begin again. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES
}

/**
 * The batches of one partition in the order of their records: those in flight, then those that are
 * ready or closing, then the open one. A batch that must be sent again goes back to its old place.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  open: Batch | undefined
  /** Closed, not sent or to be sent again, oldest first. */
  readonly waiting: Batch[] = []
  /** Sent and unanswered, oldest first. */
  readonly inFlight: Batch[] = []
  numbering: Numbering | undefined
  /** The producer id under which the broker has stored a batch of ours, and so knows us. */
  knownAs: bigint | undefined
  /** Why the numbering can't go on; once nothing is in flight, a new epoch begins (KIP-360). */
  broken: Error | undefined
  /** Records in all batches that were ever closed: the ordinal of the next batch. */
  closedRecords = 0
  /** How large the last batch grew, so that the next one starts with a fitting buffer. */
  lastSize = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  /** How many batches it holds. */
  get length(): number {
    return this.waiting.length + this.inFlight.length + (this.open ? 1 : 0)
  }

  /** Every batch that is not settled, oldest first. */
  *batches(): Generator<Batch> {
    yield* this.inFlight
    yield* this.waiting
    if (this.open) yield this.open
  }

  /** Whether a batch is the oldest that is not settled. */
  isFirst(batch: Batch): boolean {
    const first = this.waiting[0]
    const flying = this.inFlight.find(each => each.phase !== 'settled')
    return (
      (!first || first.ordinal >= batch.ordinal) && (!flying || flying.ordinal >= batch.ordinal)
    )
  }

  /**
   * The batch that may be sent now, if there is one. A batch that is tried again travels alone:
   *
   *   batches 1 2 3 are in flight; 1 fails and comes back; 2 and 3 are refused as out of order.
   *   Were 1 and 4 sent at once, 4 would be out of order too, and the partition would never calm.
   */
  sendable(now: number): Batch | undefined {
    const head = this.waiting[0]
    if (head?.phase !== 'ready' || head.retryAt > now || this.broken) return undefined
    if (this.inFlight.length === 0) return head
    if (this.numbering && this.numbering.producerId !== this.knownAs) return undefined
    const calm = head.sends === 0 && this.inFlight.every(each => each.sends === 1)
    return calm ? head : undefined
  }

  takeOff(batch: Batch): void {
    this.waiting.shift()
    this.inFlight.push(batch)
  }

  /** Removes a batch from those in flight, its request being over. */
  landed(batch: Batch): void {
    const at = this.inFlight.indexOf(batch)
    if (at >= 0) this.inFlight.splice(at, 1)
  }

  /** Puts a batch, or what it was split into, back among those that wait, in order. */
  requeue(batches: readonly Batch[]): void {
    const first = batches[0]
    if (!first) return
    let at = this.waiting.findIndex(each => each.ordinal > first.ordinal)
    if (at < 0) at = this.waiting.length
    this.waiting.splice(at, 0, ...batches)
  }

  remove(batch: Batch): void {
    if (this.open === batch) this.open = undefined
    const at = this.waiting.indexOf(batch)
    if (at >= 0) this.waiting.splice(at, 1)
  }
}
