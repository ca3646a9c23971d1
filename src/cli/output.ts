import type { Writable } from 'node:stream'
import { systemClock } from '../base/clock.ts'

/** Bytes are gathered up to so many before the system is troubled with them. */
const CHUNK_BYTES = 65_536

/**
 * Standard output, or another stream, in large pieces. When whoever reads it has gone (`| head`),
 * writing goes on into the void and `gone` is true: that is no error, but a reason to stop.
 */
export class Output {
  readonly #stream: Writable
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  #at = 0
  #gone = false
  #isFull = false
  #failure: Error | undefined
  #wake: (() => void) | undefined

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', (error: Error) => {
      this.#gone = true
      if (!('code' in error && error.code === 'EPIPE')) this.#failure = error
      this.#drained()
    })
    stream.on('drain', () => this.#drained())
  }

  /** Whether nobody takes what is written any more. */
  get gone(): boolean {
    return this.#gone
  }

  /** What went wrong with the stream, such as a full disk; not a reader that went away. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Whether the reader is slower than we are: then `await ready()`. */
  get isFull(): boolean {
    return this.#isFull
  }

  text(text: string): void {
    // In UTF-8 a UTF-16 unit takes three bytes at most.
    if (text.length * 3 > CHUNK_BYTES - this.#at) {
      this.bytes(Buffer.from(text))
      return
    }
    this.#begin()
    this.#at += this.#chunk.utf8Write(text, this.#at)
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length > CHUNK_BYTES - this.#at) {
      this.push()
      if (bytes.length > CHUNK_BYTES) {
        this.#send(Buffer.from(bytes))
        return
      }
    }
    this.#begin()
    this.#chunk.set(bytes, this.#at)
    this.#at += bytes.length
  }

  line(text: string): void {
    this.text(text)
    this.text('\n')
  }

  json(value: unknown): void {
    this.line(JSON.stringify(value))
  }

  /** Hands on what was gathered. */
  push(): void {
    if (this.#at === 0) return
    const full = this.#chunk.subarray(0, this.#at)
    this.#chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    this.#at = 0
    this.#send(full)
  }

  /** Hands on what was gathered, and waits while the reader is slower than we are. */
  async ready(): Promise<void> {
    this.push()
    while (this.#isFull && !this.#gone) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** Resolves when all has left the process. */
  async end(): Promise<void> {
    this.push()
    if (this.#gone) return
    await new Promise<void>(resolve => {
      this.#stream.write('', () => resolve())
    })
  }

  /** What is begun now is handed on when this turn of the event loop is over. */
  #begin(): void {
    if (this.#at === 0) systemClock.soon(() => this.push())
  }

  #send(bytes: Buffer): void {
    if (!this.#gone) this.#isFull = !this.#stream.write(bytes)
  }

  #drained(): void {
    this.#isFull = false
    this.#wake?.()
    this.#wake = undefined
  }
}
