import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { bundledProgram } from '../support/program.ts'
import { waitFor } from '../support/wait.ts'

/** The program that copies, kept running: whenever it ends, for whatever reason, it is started. */
export class Copier {
  #program: ChildProcess | undefined
  #over = false
  #atWork: Promise<unknown> | undefined
  starts = 0
  lastWords = ''
  readonly #args: readonly string[]

  constructor(args: readonly string[]) {
    this.#args = args
  }

  async run(): Promise<void> {
    const { folder, file } = await bundledProgram('test/chaos/copy-program.ts')
    while (!this.#over) {
      this.starts++
      this.#program = spawn(process.execPath, [file, ...this.#args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const exit = once(this.#program, 'exit')
      this.#atWork = Promise.race([once(this.#program.stdout!, 'data'), exit])
      this.#program.stderr?.on('data', words => {
        this.lastWords = `${this.lastWords}${words}`.slice(-2_000)
      })
      await exit
    }
    await rm(folder, { recursive: true })
  }

  /** Resolves when the program that runs now has said that it is at work, or has ended. */
  async ready(): Promise<void> {
    await waitFor('the program to be started', () => this.#program !== undefined)
    await this.#atWork
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
