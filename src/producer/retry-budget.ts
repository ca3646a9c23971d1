/** Retries that may go out each at its own time before they are gathered. */
const CAPACITY = 100
/** What a delivered batch gives back: one retry for ten that went well. */
const EARNED = 0.1

/**
 * What may be spent on retries to one broker. Each batch backs off by itself, but a thousand
 * partitions of a broker that refuses everything come due at a thousand different moments, and the
 * broker that is in trouble is asked all the time. So retries are paid for: deliveries earn them,
 * and when the budget is spent the retries are gathered on a common beat, to travel together in as
 * few requests as can hold them. No record is given up for it; that is for its deadline to do.
 */
export class RetryBudget {
  readonly #beatMs: number
  /** Where in the beat this client's retries lie, lest all clients share the moment. */
  readonly #phaseMs: number
  #left = CAPACITY

  constructor(beatMs: number, phase: number) {
    this.#beatMs = beatMs
    this.#phaseMs = beatMs * phase
  }

  /** A batch was delivered. */
  earn(): void {
    this.#left = Math.min(CAPACITY, this.#left + EARNED)
  }

  /** Pays for a retry that is due then; gives the moment at which it may go. */
  spend(dueAt: number): number {
    if (this.#left >= 1) {
      this.#left--
      return dueAt
    }
    const beats = Math.ceil((dueAt - this.#phaseMs) / this.#beatMs)
    return beats * this.#beatMs + this.#phaseMs
  }
}
