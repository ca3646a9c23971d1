import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { root } from '../test/support/cache.ts'
import type { Figures } from './measure.ts'
import { type Case, nameOf, nameOfRun, type Plan } from './plan.ts'

const MINUTE_MS = 60_000

/**
 * How far a benchmark has come: says what it does and how long it will still take, and keeps each
 * figure as it comes, so that one that was stopped can go on where it was (`--resume`).
 */
export class Progress {
  /** The figures of a run that was stopped. */
  readonly known: readonly Figures[]
  readonly #file: string
  readonly #done: ReadonlySet<string>
  #total = 0
  #at = 0
  #measured = 0
  #startedAt = 0

  private constructor(file: string, known: readonly Figures[]) {
    this.#file = file
    this.known = known
    this.#done = new Set(known.map(each => nameOfRun(each.round, each)))
  }

  /** Of one plan; with `resume`, what an earlier run of the very same plan has kept is known. */
  static async of(name: string, plan: Plan, resume: boolean): Promise<Progress> {
    const folder = join(root, '.cache', 'bench')
    await mkdir(folder, { recursive: true })
    const hash = createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 12)
    const file = join(folder, `kept-${name}-${hash}.json`)
    const text = resume ? await readFile(file, 'utf8').catch(() => '[]') : '[]'
    const known: Figures[] = JSON.parse(text)
    return new Progress(file, known)
  }

  say(text: string): void {
    process.stderr.write(`${text}\n`)
  }

  begin(total: number): void {
    this.#total = total
    this.#startedAt = performance.now()
    if (this.known.length > 0) this.say(`${this.known.length} runs are known already`)
  }

  /** Whether this run is still to be made; says so if it is. */
  next(round: number, each: Case): boolean {
    this.#at++
    if (this.#done.has(nameOfRun(round, each))) return false
    const elapsed = performance.now() - this.#startedAt
    const forOne = this.#measured === 0 ? Number.NaN : elapsed / this.#measured
    const left = ((this.#total - this.#at + 1) * forOne) / MINUTE_MS
    const rest = Number.isNaN(left) ? '' : `, ${left.toFixed(1)} min left`
    this.#measured++
    this.say(`${this.#at} of ${this.#total}, round ${round}${rest}: ${nameOf(each)}`)
    return true
  }

  async keep(figures: readonly Figures[]): Promise<void> {
    const draft = `${this.#file}.new`
    await writeFile(draft, JSON.stringify(figures))
    await rename(draft, this.#file)
  }

  /** All is measured and written: nothing is left to go on with. */
  async over(): Promise<void> {
    await rm(this.#file, { force: true })
  }
}
