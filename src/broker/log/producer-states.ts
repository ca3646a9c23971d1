import type { ErrorName } from '../../protocol/errors.ts'
import type { BatchFacts } from './batch-facts.ts'
import type { Marker } from './transactions.ts'

/** How many batches of a producer are remembered: as many as it may have in flight. */
const REMEMBERED_BATCHES = 5
const SEQUENCES = 2 ** 31
/** How often, at most, the silent are looked for (`producer.id.expiration.check.interval.ms`). */
const CHECK_INTERVAL_MS = 600_000

/** A batch that is in the log already, for when its producer sends it again. */
export interface KnownBatch {
  readonly baseSequence: number
  readonly lastSequence: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly maxTimestamp: number
}

/** What one producer has written to one partition. */
export interface ProducerState {
  readonly producerId: bigint
  epoch: number
  /** The latest batches of this epoch, oldest first. */
  batches: KnownBatch[]
  /** The epoch of the coordinator that ended its last transaction; -1 for none. */
  coordinatorEpoch: number
  lastTimestamp: number
  /** When it last wrote, as the broker's clock then was; undefined before anybody told the time. */
  heardMs: number | undefined
}

/** What is to happen to a batch. */
export type SequenceVerdict =
  | { readonly is: 'new' }
  | { readonly is: 'duplicate'; readonly of: KnownBatch }
  | { readonly is: 'refused'; readonly code: ErrorName; readonly message: string }

const NEW: SequenceVerdict = { is: 'new' }

/** The idempotent producers of one partition (KIP-98), rebuilt from the log at start. */
export class ProducerStates {
  readonly #states = new Map<bigint, ProducerState>()
  /** The first batch of a producer that was put off: those behind it must not overtake it. */
  readonly #putOff = new Map<bigint, { readonly epoch: number; readonly sequence: number }>()

  #nowMs: number | undefined
  #checkedMs = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#states.size
  }

  /** Is told the time; whether it is time to look for those that have long been silent. */
  isCheckDue(nowMs: number): boolean {
    this.#nowMs = nowMs
    return nowMs - this.#checkedMs >= CHECK_INTERVAL_MS
  }

  get(producerId: bigint): ProducerState | undefined {
    return this.#states.get(producerId)
  }

  all(): IterableIterator<ProducerState> {
    return this.#states.values()
  }

  /** Judges a batch that is about to be appended; batches without a producer id are always new. */
  check(batch: BatchFacts): SequenceVerdict {
    if (batch.producerId < 0n) return NEW
    const first = this.#putOff.get(batch.producerId)
    if (first?.epoch === batch.producerEpoch && batch.baseSequence > first.sequence) {
      return gap(batch, `epoch ${first.epoch}, where sequence ${first.sequence} is awaited`, -1)
    }
    const state = this.#states.get(batch.producerId)
    if (!state) {
      // Retention may have taken all that it ever wrote here, so any sequence may be the next.
      return NEW
    }
    const { producerEpoch: epoch } = batch
    if (epoch < state.epoch) return staleEpoch(batch, state)
    // A marker has no sequence; it may come under the epoch that fences its producer. Nor have the
    // offsets that a coordinator writes in a producer's name.
    if (batch.isControl || batch.baseSequence < 0) return NEW
    if (epoch > state.epoch) return batch.baseSequence === 0 ? NEW : gap(batch, 'a new epoch', -1)
    const known = state.batches.find(
      each =>
        each.baseSequence === batch.baseSequence && each.lastSequence === lastSequenceOf(batch),
    )
    if (known) return { is: 'duplicate', of: known }
    const last = state.batches.at(-1)?.lastSequence ?? -1
    const next = (last + 1) % SEQUENCES
    return batch.baseSequence === next ? NEW : gap(batch, `epoch ${epoch}`, last)
  }

  /** Judges a marker that is about to be appended. Undefined: nothing stands against it. */
  checkMarker(marker: Marker): SequenceVerdict | undefined {
    const state = this.#states.get(marker.producerId)
    if (!state) return undefined
    const { producerEpoch: epoch, coordinatorEpoch } = marker
    if (coordinatorEpoch < state.coordinatorEpoch) {
      const message = `a coordinator of epoch ${coordinatorEpoch} after ${state.coordinatorEpoch}`
      return { is: 'refused', code: 'TRANSACTION_COORDINATOR_FENCED', message }
    }
    // Where each transaction has an epoch of its own, its marker brings the next one (KIP-1228).
    const oldest = marker.transactionVersion >= 2 ? state.epoch + 1 : state.epoch
    return epoch < oldest ? staleEpoch(marker, state) : undefined
  }

  /** A batch was put off, to be sent again: until then none behind it may be appended. */
  putOff({ producerId, producerEpoch: epoch, baseSequence: sequence }: BatchFacts): void {
    const known = this.#putOff.get(producerId)
    const isFirst = known?.epoch !== epoch || sequence < known.sequence
    if (isFirst) this.#putOff.set(producerId, { epoch, sequence })
  }

  /** Remembers a batch that was appended. */
  record(batch: BatchFacts): void {
    if (batch.producerId < 0n) return
    this.#putOff.delete(batch.producerId)
    const state = this.#stateOf(batch)
    state.lastTimestamp = batch.maxTimestamp
    state.heardMs = this.#nowMs
    if (batch.producerEpoch !== state.epoch) {
      state.epoch = batch.producerEpoch
      state.batches = []
    }
    if (batch.isControl || batch.baseSequence < 0) return
    state.batches.push({
      baseSequence: batch.baseSequence,
      lastSequence: lastSequenceOf(batch),
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      maxTimestamp: batch.maxTimestamp,
    })
    if (state.batches.length > REMEMBERED_BATCHES) state.batches.shift()
  }

  /** The transaction of a producer was ended by a coordinator of that epoch. */
  ended(producerId: bigint, coordinatorEpoch: number): void {
    const state = this.#states.get(producerId)
    if (state) state.coordinatorEpoch = coordinatorEpoch
  }

  /**
   * Forgets the producers that wrote nothing for `afterMs`, save those that are `busy`. Kafka goes
   * by the timestamps of their records, and so forgets who writes old ones while it is at work:
   * what it then sends again is stored twice. For what was read from the log, time begins now.
   */
  expire(nowMs: number, afterMs: number, busy: (producerId: bigint) => boolean): void {
    this.#checkedMs = nowMs
    const timestamp = nowMs - afterMs
    for (const [id, state] of this.#states) {
      state.heardMs ??= nowMs
      if (state.heardMs > timestamp || busy(id)) continue
      this.#states.delete(id)
      this.#putOff.delete(id)
    }
  }

  clear(): void {
    this.#states.clear()
  }

  #stateOf(batch: BatchFacts): ProducerState {
    const known = this.#states.get(batch.producerId)
    if (known) return known
    const state: ProducerState = {
      producerId: batch.producerId,
      epoch: batch.producerEpoch,
      batches: [],
      coordinatorEpoch: -1,
      lastTimestamp: batch.maxTimestamp,
      heardMs: undefined,
    }
    this.#states.set(batch.producerId, state)
    return state
  }
}

/** The sequence of a batch's last record: after 2^31-1 comes 0. */
export function lastSequenceOf(batch: BatchFacts): number {
  return (batch.baseSequence + batch.lastOffset - batch.baseOffset) % SEQUENCES
}

function staleEpoch(
  batch: Pick<BatchFacts, 'producerId' | 'producerEpoch'>,
  state: ProducerState,
): SequenceVerdict {
  const message =
    `producer ${batch.producerId} writes with epoch ${batch.producerEpoch}, ` +
    `but epoch ${state.epoch} has written here already`
  return { is: 'refused', code: 'INVALID_PRODUCER_EPOCH', message }
}

function gap(batch: BatchFacts, where: string, last: number): SequenceVerdict {
  const message =
    `producer ${batch.producerId} sent sequence ${batch.baseSequence} ` +
    `after ${last} in ${where}`
  return { is: 'refused', code: 'OUT_OF_ORDER_SEQUENCE_NUMBER', message }
}
