import { KafkaError } from '../errors.ts'
import type { DeliveryCallback } from '../index.ts'
import { Complaints } from './complaints.ts'
import { Output } from './output.ts'
import type { CommonFlags } from './settings.ts'

/** Brings the cursor back to the start of its line and clears that, where a bar may stand. */
const CLEAR_LINE = '\r\x1b[K'

/** What `produce` tells of deliveries: on standard error, or with --json on standard output. */
export class DeliveryLog {
  readonly complaints: Complaints
  readonly #flags: CommonFlags
  readonly #out = new Output(process.stdout)
  readonly #err = new Output(process.stderr)

  constructor(flags: CommonFlags) {
    this.#flags = flags
    this.complaints = new Complaints(line => this.#print(`posthaste: ${line}`))
  }

  /** The callback of each record, where each is to be told of. */
  readonly settled: DeliveryCallback = (error, report) => {
    if (error) return this.failed(error)
    const { topic, partition, offset, timestamp } = report!
    if (this.#flags.json) this.#out.json({ topic, partition, offset, timestamp })
    else this.#err.line(`${topic} [${partition}] @ ${offset}`)
  }

  failed(error: Error): void {
    const kind = error instanceof KafkaError ? error.code : error.message
    this.complaints.add(kind, error.message)
  }

  /** A remark that -q leaves out. */
  say(line: string): void {
    if (!this.#flags.quiet) this.#print(line)
  }

  async end(delivered: number, failed: number): Promise<void> {
    this.complaints.sumUp()
    this.say(`delivered ${delivered}, failed ${failed}`)
    if (this.#flags.json) this.#out.json({ delivered, failed })
    await Promise.all([this.#err.end(), this.#out.end()])
  }

  #print(line: string): void {
    this.#err.line(process.stderr.isTTY ? CLEAR_LINE + line : line)
  }
}
