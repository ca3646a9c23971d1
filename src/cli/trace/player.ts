import type { Clock, Timer } from '../../base/clock.ts'
import type { Trace } from '../../trace/index.ts'
import type { painter } from '../paint.ts'
import { frame } from './frame.ts'

const speeds = [0.5, 1, 2, 4, 8, 16, 32]
const HOME_AND_CLEAR = '\u001b[H\u001b[J'
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const OTHER_SCREEN = '\u001b[?1049h'
const FIRST_SCREEN = '\u001b[?1049l'

/** What a player needs of a terminal. */
export interface Terminal {
  readonly input: {
    setRawMode(isRaw: boolean): unknown
    resume(): unknown
    pause(): unknown
    on(name: 'data', heard: (key: Buffer) => void): unknown
    off(name: 'data', heard: (key: Buffer) => void): unknown
  }
  readonly output: {
    readonly columns: number
    readonly rows: number
    write(text: string): unknown
    on(name: 'resize', heard: () => void): unknown
    off(name: 'resize', heard: () => void): unknown
  }
  readonly paint: ReturnType<typeof painter>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Plays a trace on a terminal, by keys: step, back, run, pause, faster, slower, quit. */
export class Player {
  readonly #trace: Trace
  readonly #terminal: Terminal
  #step = 1
  #isRunning = true
  #speed: number
  #timer: Timer | undefined
  #over: () => void = () => {}

  constructor(trace: Trace, terminal: Terminal, speed: number) {
    this.#trace = trace
    this.#terminal = terminal
    this.#speed = speed
  }

  /** Resolves when whoever watches has seen enough. */
  async play(): Promise<void> {
    const { input, output, signal } = this.#terminal
    const onKey = (key: Buffer) => this.#pressed(key.toString())
    const onResize = () => this.#draw()
    const done = new Promise<void>(resolve => {
      this.#over = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    input.setRawMode(true)
    input.resume()
    input.on('data', onKey)
    output.on('resize', onResize)
    output.write(OTHER_SCREEN + HIDE_CURSOR)
    this.#draw()
    this.#wait()
    await done
    this.#timer?.cancel()
    input.off('data', onKey)
    output.off('resize', onResize)
    input.setRawMode(false)
    input.pause()
    output.write(SHOW_CURSOR + FIRST_SCREEN)
  }

  #pressed(key: string): void {
    if (key === 'q' || key === '\u0003' || key === '\u001b') return this.#over()
    if (key === ' ') this.#isRunning = !this.#isRunning
    else if (key === '\u001b[C' || key === 'n' || key === '\r') this.#to(this.#step + 1)
    else if (key === '\u001b[D' || key === 'b') this.#to(this.#step - 1)
    else if (key === 'r') this.#again()
    else if (key === '+' || key === '=') this.#faster(1)
    else if (key === '-') this.#faster(-1)
    else return
    this.#draw()
    this.#wait()
  }

  /** By hand: it stands still until it is told to run. */
  #to(step: number): void {
    this.#isRunning = false
    this.#step = Math.min(this.#trace.steps.length, Math.max(1, step))
  }

  #again(): void {
    this.#step = 1
    this.#isRunning = true
  }

  #faster(by: 1 | -1): void {
    const at = speeds.findIndex(speed => speed >= this.#speed)
    this.#speed = speeds[Math.min(speeds.length - 1, Math.max(0, at + by))] ?? this.#speed
  }

  #wait(): void {
    this.#timer?.cancel()
    if (!this.#isRunning || this.#step >= this.#trace.steps.length) return
    this.#timer = this.#terminal.clock.after(1000 / this.#speed, () => {
      this.#step++
      if (this.#step >= this.#trace.steps.length) this.#isRunning = false
      this.#draw()
      this.#wait()
    })
  }

  #draw(): void {
    const { output, paint } = this.#terminal
    const size = { columns: output.columns || 80, rows: output.rows || 24 }
    const at = { step: this.#step, isRunning: this.#isRunning, speed: this.#speed }
    const lines = frame(this.#trace, at, size, paint)
    output.write(HOME_AND_CLEAR + lines.join('\r\n'))
  }
}
