import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from '../support/cache.ts'

/** The program that copies, kept running: whenever it ends, for whatever reason, it is started. */
export class Copier {
  #program: ChildProcess | undefined
  #over = false
  starts = 0
  lastWords = ''
  readonly #args: readonly string[]

  constructor(args: readonly string[]) {
    this.#args = args
  }

  async run(): Promise<void> {
    while (!this.#over) {
      this.starts++
      this.#program = spawn(
        process.execPath,
        ['--import', 'tsx', join(root, 'test/chaos/copy-program.ts'), ...this.#args],
        { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      this.#program.stderr?.on('data', words => {
        this.lastWords = `${this.lastWords}${words}`.slice(-2_000)
      })
      await once(this.#program, 'exit')
    }
  }

  /** Waits until the program that runs now says that it is at work. */
  async ready(): Promise<void> {
    const { stdout } = this.#program ?? {}
    if (stdout) await once(stdout, 'data')
  }

  signal(name: NodeJS.Signals): void {
    this.#program?.kill(name)
  }

  end(): void {
    this.#over = true
    this.signal('SIGCONT')
    this.signal('SIGKILL')
  }
}
