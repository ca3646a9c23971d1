/** For each state the states that may follow it: the transition table of a union tagged `is`. */
export type Moves<State extends { readonly is: string }> = {
  readonly [S in State['is']]: readonly State['is'][]
}

/** Told of each move; the event catalogue is fed from here. */
export type MoveListener<State> = (from: State, to: State) => void

/**
 * Holds one state of a discriminated union and moves it along a table. The data of a state exists
 * only in that state, so nothing can read a producer id where there is none.
 */
export class Machine<State extends { readonly is: string }> {
  #state: State
  readonly #name: string
  readonly #moves: Moves<State>
  readonly #onMove: MoveListener<State> | undefined

  constructor(name: string, moves: Moves<State>, first: State, onMove?: MoveListener<State>) {
    this.#name = name
    this.#moves = moves
    this.#state = first
    this.#onMove = onMove
  }

  get state(): State {
    return this.#state
  }

  is(name: State['is']): boolean {
    return this.#state.is === name
  }

  may(name: State['is']): boolean {
    return this.#moves[this.#state.is as State['is']].includes(name)
  }

  /** Moves to `next`. A move that the table lacks is a bug of ours, so it throws. */
  to<Next extends State>(next: Next): Next {
    const from = this.#state
    if (!this.may(next.is as State['is'])) {
      throw new Error(`${this.#name} cannot move from ${from.is} to ${next.is}`)
    }
    this.#state = next
    this.#onMove?.(from, next)
    return next
  }
}
