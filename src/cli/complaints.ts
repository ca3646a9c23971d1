/** Different messages that are kept apart; a flood of ever new ones is only counted. */
const MOST_DIFFERENT = 20

/**
 * Tells of failures as they come, each kind once: when a million records fail for one reason, that
 * is one line, and another with the count at the end.
 */
export class Complaints {
  readonly #say: (line: string) => void
  readonly #counts = new Map<string, number>()
  #others = 0

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** `kind` tells alike failures; `message` is what is shown of the first. */
  add(kind: string, message: string): void {
    const count = this.#counts.get(kind)
    if (count !== undefined) {
      this.#counts.set(kind, count + 1)
    } else if (this.#counts.size < MOST_DIFFERENT) {
      this.#counts.set(kind, 1)
      this.#say(message)
    } else {
      this.#others++
    }
  }

  /** Says how often each came again. */
  sumUp(): void {
    for (const [kind, count] of this.#counts) {
      if (count > 1) this.#say(`… and ${count - 1} more: ${kind}`)
    }
    if (this.#others > 0) this.#say(`… and ${this.#others} other failures`)
  }
}
