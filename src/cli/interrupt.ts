import { writeSync } from 'node:fs'
import { constants } from 'node:os'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Ctrl-C, or a polite kill, as an AbortSignal: the first asks for an orderly end, and whoever works
 * sees to it; the second ends the process at once.
 */
export class Interrupt {
  readonly #controller = new AbortController()
  readonly #lastWords: () => string | undefined
  /** Resolves when interrupted; waiting for it does not keep the process alive. */
  readonly asked: Promise<void>
  #code: number | undefined
  readonly #heard = (name: NodeJS.Signals) => {
    const code = 128 + constants.signals[name]
    if (this.#code !== undefined) {
      const words = this.#lastWords()
      // Written before the process goes, which a stream would not promise.
      if (words !== undefined) say(words)
      process.exit(code)
    }
    this.#code = code
    this.#controller.abort()
  }

  /** `lastWords` is what to say when it is ended at once: what is left undone. */
  constructor(lastWords: () => string | undefined = () => undefined) {
    this.#lastWords = lastWords
    this.asked = new Promise(resolve => {
      this.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    for (const name of signals) process.on(name, this.#heard)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The exit code that it asks for (130 for Ctrl-C), or undefined while nobody interrupted. */
  get exitCode(): number | undefined {
    return this.#code
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#heard)
  }
}

function say(words: string): void {
  try {
    writeSync(process.stderr.fd, `${words}\n`)
  } catch {
    // Nobody reads it.
  }
}
