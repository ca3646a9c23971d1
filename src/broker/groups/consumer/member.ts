import { Machine } from '../../../base/machine.ts'
import type { Alarm } from '../alarm.ts'
import type { KeptPosition } from './kept.ts'
import { NO_PARTITIONS, type PartitionSet } from './partition-set.ts'
import { type Position, type Reconciliation, reconciliationMoves } from './reconcile.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** What a member of a consumer group says of itself. */
export interface ConsumerFacts {
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly topicNames: readonly string[]
  readonly pattern: TopicPattern | null
  readonly assignor: string | null
}

/** A member of a consumer group (KIP-848). */
export class ConsumerMember {
  readonly id: string
  facts: ConsumerFacts
  /** Rings when it has been silent for too long. */
  readonly session: Alarm
  /** Rings when it has taken too long to give partitions up. */
  readonly revocation: Alarm
  readonly #machine: Machine<Reconciliation>
  #epoch: number
  #previousEpoch: number
  #assigned: PartitionSet

  constructor(
    id: string,
    facts: ConsumerFacts,
    alarms: { readonly session: Alarm; readonly revocation: Alarm },
    first: KeptPosition = NEWCOMER,
  ) {
    this.id = id
    this.facts = facts
    this.session = alarms.session
    this.revocation = alarms.revocation
    this.#epoch = first.epoch
    this.#previousEpoch = first.previousEpoch
    this.#assigned = first.assigned
    this.#machine = new Machine<Reconciliation>(`member ${id}`, reconciliationMoves, first.state)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The epoch before: the answer that told the present one may have been lost. */
  get previousEpoch(): number {
    return this.#previousEpoch
  }

  get state(): Reconciliation {
    return this.#machine.state
  }

  get assigned(): PartitionSet {
    return this.#assigned
  }

  /** All of that together, as it is kept. */
  get position(): KeptPosition {
    const { state, epoch, previousEpoch, assigned } = this
    return { state, epoch, previousEpoch, assigned }
  }

  get isAway(): boolean {
    return this.state.is === 'Away'
  }

  holds(place: string): boolean {
    const { state } = this
    if (this.#assigned.has(place)) return true
    return state.is === 'UnrevokedPartitions' && state.revoking.has(place)
  }

  isReconciledTo(epoch: number): boolean {
    return this.state.is === 'Stable' && this.#epoch === epoch
  }

  moveTo({ state, epoch, assigned }: Position): void {
    this.#machine.to(state)
    this.#previousEpoch = this.#epoch
    this.#epoch = epoch
    this.#assigned = assigned
    this.awaitRevocation()
  }

  /** From now on it has its rebalance timeout to give up what it must. */
  awaitRevocation(): void {
    if (this.state.is === 'UnrevokedPartitions') this.revocation.set(this.facts.rebalanceTimeoutMs)
    else this.revocation.clear()
  }

  /** It has left for a while, and keeps what it has. */
  goAway(): void {
    this.#machine.to({ is: 'Away' })
    this.revocation.clear()
    this.#epoch = AWAY_EPOCH
  }

  close(): void {
    this.session.clear()
    this.revocation.clear()
  }
}

/** Where a member begins. */
export const NEWCOMER: KeptPosition = {
  state: { is: 'Stable' },
  epoch: 0,
  previousEpoch: 0,
  assigned: NO_PARTITIONS,
}
/** The epoch by which a static member says, and is known to have said, that it will be back. */
export const AWAY_EPOCH = -2
export const LEAVING_EPOCH = -1
