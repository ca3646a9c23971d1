import { BufferFullError, DeliveryError, KafkaError, MessageTooLargeError } from '../errors.ts'
import type { DeliveryCallback, DeliveryReport, ProducerRecord } from '../index.ts'
import type { Complaints } from './complaints.ts'
import { LineError } from './line-record.ts'
import { type Line, LineSplitter } from './lines.ts'
import type { Progress } from './progress.ts'
import type { Source } from './sources.ts'

/** The part of a producer that a feed needs. */
export interface Sink {
  produce(record: ProducerRecord, callback?: DeliveryCallback): boolean
  send(record: ProducerRecord): Promise<DeliveryReport>
  drain(): Promise<void>
}

export interface FeedOptions {
  readonly sink: Sink
  readonly read: (line: Buffer) => ProducerRecord
  /** A longer line is not kept, and fails. */
  readonly mostBytes: number
  readonly callback?: DeliveryCallback | undefined
  readonly complaints: Complaints
  readonly progress: Progress
  readonly signal: AbortSignal
}

/**
 * Takes lines from sources into a producer, no faster than the producer can take them, and never
 * holds more than a chunk. A bad line fails alone, with its number.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #interrupted: Promise<void>
  #source = ''
  #line = 0
  #bytes = 0
  /** Lines that were taken, whatever becomes of them. */
  taken = 0
  /** Lines that could not be made a record, or that the producer refused. */
  refused = 0

  constructor(options: FeedOptions) {
    this.#options = options
    const { signal } = options
    this.#interrupted = new Promise(resolve => {
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Resolves at the end of the last source, or soon after an interrupt. */
  async run(sources: readonly Source[]): Promise<void> {
    try {
      for (const source of sources) {
        if (!this.#options.signal.aborted) await this.#runOne(source)
      }
    } finally {
      this.#options.progress.stop()
    }
  }

  async #runOne(source: Source): Promise<void> {
    const { mostBytes, progress, signal } = this.#options
    const splitter = new LineSplitter(mostBytes)
    this.#source = source.name
    this.#line = 0
    for await (const chunk of source.chunks(signal)) {
      await this.#takeAll(splitter.push(chunk))
      if (signal.aborted) return
      this.#bytes += chunk.length
      progress.update(this.#bytes, this.taken)
    }
    // A line that was cut short by an interrupt is not what somebody meant to send.
    if (!signal.aborted) await this.#takeAll(splitter.end())
  }

  async #takeAll(lines: Iterable<Line>): Promise<void> {
    const { sink, signal } = this.#options
    for (const line of lines) {
      this.#line++
      this.taken++
      const record = this.#recordOf(line)
      if (!record) continue
      switch (this.#produce(record)) {
        case 'taken':
          continue
        case 'pause':
          await Promise.race([sink.drain(), this.#interrupted])
          break
        case 'full':
          await Promise.race([this.#send(record), this.#interrupted])
      }
      if (signal.aborted) return
    }
  }

  #recordOf(line: Line): ProducerRecord | undefined {
    try {
      if ('overlong' in line) throw tooLong(line.overlong, this.#options.mostBytes)
      return this.#options.read(line)
    } catch (error) {
      this.#refuse(error)
      return undefined
    }
  }

  #produce(record: ProducerRecord): 'taken' | 'pause' | 'full' {
    const { sink, callback } = this.#options
    try {
      return sink.produce(record, callback) ? 'taken' : 'pause'
    } catch (error) {
      if (error instanceof BufferFullError) return 'full'
      this.#refuse(error)
      return 'taken'
    }
  }

  /** The buffer is too small for the batches on their way: this one goes when there is space. */
  async #send(record: ProducerRecord): Promise<void> {
    const { sink, callback } = this.#options
    try {
      const report = await sink.send(record)
      callback?.(null, report)
    } catch (error) {
      // A failed delivery is counted by the producer; anything else never came to it.
      if (error instanceof DeliveryError) callback?.(error, undefined)
      else this.#refuse(error)
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof LineError || error instanceof KafkaError)) throw error
    this.refused++
    const kind = error instanceof KafkaError ? error.code : error.message
    const place = `${this.#source}, line ${this.#line}`
    this.#options.complaints.add(kind, `${place}: ${error.message}`)
  }
}

function tooLong(size: number, limit: number): MessageTooLargeError {
  return new MessageTooLargeError({
    message: `the line has ${size} bytes, more than max.request.size (${limit})`,
    hint: 'raise it with -X max.request.size=…, and max.message.bytes of the topic',
    size,
    limit,
  })
}
