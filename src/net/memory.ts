import type { Clock } from '../base/clock.ts'
import {
  type Address,
  type Dial,
  formatAddress,
  type Listen,
  type Transport,
  type TransportEvents,
} from './transport.ts'

/** What may happen to bytes on their way; the simulation decides by its seed. */
export interface Weather {
  /** Milliseconds until a write from `from` to `to` arrives; `undefined` loses the connection. */
  delayMs(from: string, to: string): number | undefined
}

const calm: Weather = { delayMs: () => 0 }

/**
 * A network in memory: dialling finds whoever listens on that host and port. Bytes keep their
 * order within a connection, as TCP keeps it; between connections anything goes.
 */
export class MemoryNetwork {
  readonly #clock: Clock
  readonly #weather: Weather
  readonly #listeners = new Map<string, (transport: Transport) => void>()
  readonly #pipes = new Set<Pipe>()
  #nextPort = 30_000
  #dials = 0

  constructor(clock: Clock, weather: Weather = calm) {
    this.#clock = clock
    this.#weather = weather
  }

  readonly dial: Dial = (address, signal) => {
    const to = formatAddress(address)
    return new Promise((resolve, reject) => {
      const accept = this.#listeners.get(to)
      if (!accept) return reject(refused(to))
      this.#clock.after(this.#weather.delayMs('client', to) ?? 0, () => {
        if (signal.aborted) return reject(signal.reason)
        if (this.#listeners.get(to) !== accept) return reject(refused(to))
        const from = `client-${++this.#dials}`
        const near = new Pipe(to, from, this.#clock, this.#weather)
        const far = new Pipe(from, to, this.#clock, this.#weather)
        near.other = far
        far.other = near
        this.#pipes.add(near).add(far)
        accept(far)
        resolve(near)
      })
    })
  }

  readonly listen: Listen = async (address, accept) => {
    const port = address.port === 0 ? this.#nextPort++ : address.port
    const bound: Address = { host: address.host, port }
    const name = formatAddress(bound)
    if (this.#listeners.has(name)) throw systemError('EADDRINUSE', `${name} is taken`)
    this.#listeners.set(name, accept)
    return { address: bound, hold() {}, close: async () => void this.#listeners.delete(name) }
  }

  /** Breaks every connection in which `name` (a listening address) takes part. */
  sever(name: string): void {
    for (const pipe of this.#pipes) {
      if (pipe.isClosed) this.#pipes.delete(pipe)
      else if (pipe.peer === name)
        pipe.destroy(systemError('ECONNRESET', `connection to ${name} reset`))
    }
  }
}

class Pipe implements Transport {
  other: Pipe | undefined
  readonly peer: string
  readonly #self: string
  readonly #clock: Clock
  readonly #weather: Weather
  #events: TransportEvents | undefined
  #closed = false
  #paused = false
  #held: Buffer[] = []
  /** When the latest write arrives: a later one never arrives before it. */
  #lastArrival = 0

  constructor(peer: string, self: string, clock: Clock, weather: Weather) {
    this.peer = peer
    this.#self = self
    this.#clock = clock
    this.#weather = weather
  }

  listen(events: TransportEvents): void {
    this.#events = events
    this.#deliver()
  }

  write(chunks: readonly Buffer[]): boolean {
    const { other } = this
    if (this.#closed || !other) return true
    const delay = this.#weather.delayMs(this.#self, this.peer)
    if (delay === undefined) {
      this.destroy(systemError('ECONNRESET', `connection to ${this.peer} reset`))
      return true
    }
    // The sender may use its buffers again once they have left, so what travels is a copy.
    const bytes = Buffer.concat(chunks)
    this.#afterEarlierWrites(delay, () => other.#arrive(bytes))
    return true
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  hold(): void {}

  close(): void {
    this.#afterEarlierWrites(0, () => this.destroy())
  }

  destroy(cause?: Error): void {
    if (this.#closed) return
    this.#closed = true
    this.#clock.soon(() => this.#events?.closed(cause))
    const { other } = this
    if (other && !other.#closed) this.#clock.soon(() => other.destroy(cause))
  }

  #afterEarlierWrites(delay: number, task: () => void): void {
    const now = this.#clock.now()
    this.#lastArrival = Math.max(this.#lastArrival, now + delay)
    this.#clock.after(this.#lastArrival - now, task)
  }

  #arrive(bytes: Buffer): void {
    if (this.#closed) return
    this.#held.push(bytes)
    this.#deliver()
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed && this.#events && this.#held.length > 0) {
      this.#events.data(this.#held.shift()!)
    }
  }
}

function refused(address: string): Error {
  return systemError('ECONNREFUSED', `connect ECONNREFUSED ${address}`)
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
