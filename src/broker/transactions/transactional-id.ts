import type { Timer } from '../../base/clock.ts'
import { Machine } from '../../base/machine.ts'
import { type TransactionState, transactionMoves } from './states.ts'

/** One transactional id: where it stands, and what is on its way. */
export class TransactionalId {
  readonly transactionalId: string
  /** Resolves when the present state is kept. */
  stored: Promise<void> = Promise.resolve()
  /** Ends a transaction that takes too long. */
  timeout: Timer | undefined
  readonly #machine: Machine<TransactionState>

  constructor(
    transactionalId: string,
    state: TransactionState,
    moved: (from: string, to: string) => void,
  ) {
    this.transactionalId = transactionalId
    this.#machine = new Machine('transaction', transactionMoves, state, (from, to) =>
      moved(from.is, to.is),
    )
  }

  get state(): TransactionState {
    return this.#machine.state
  }

  get mayExpire(): boolean {
    return this.#machine.may('Dead')
  }

  to(state: TransactionState): void {
    this.#machine.to(state)
  }
}
