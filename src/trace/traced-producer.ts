import { asError, BufferFullError } from '../errors.ts'
import { type DeliveryReport, Producer, type ProducerRecord } from '../index.ts'
import { code, shown } from './show.ts'
import type { Stage } from './stage.ts'

export type TracedProducerSettings = Readonly<Record<string, unknown>>
type PlainRecord = ProducerRecord<string, string>

/** A real producer whose calls are steps of a trace, written as they were made. */
export class TracedProducer {
  readonly #stage: Stage
  readonly #name: string
  readonly #producer: Producer

  constructor(
    stage: Stage,
    name: string,
    settings: TracedProducerSettings & { 'bootstrap.servers': string },
    shownSettings: TracedProducerSettings,
    why: string,
  ) {
    this.#stage = stage
    this.#name = name
    this.#producer = stage.actNow(
      `${name} = new Producer(${code(shownSettings)})`,
      why,
      () => {
        return new Producer(settings)
      },
      'a producer',
    )
    this.#producer.on('error', error => stage.told(shown(error)))
  }

  /** `produce()`: true or false, or what it throws. The callback's report is a step too. */
  async produce(record: PlainRecord, why = ''): Promise<boolean> {
    return this.#stage.act(`${this.#name}.produce(${code(record)})`, why, () =>
      this.#producer.produce(record, (error, report) => this.#stage.told(shown(error ?? report))),
    )
  }

  /** Many in one go; stops where the buffer is full, and gives how many were taken. */
  async produceEach(records: readonly PlainRecord[], why = ''): Promise<number> {
    const loop = `for (const record of records) ${this.#name}.produce(record) // ${records.length} of them`
    let taken = 0
    await this.#stage.act(loop, why, () => {
      try {
        for (const record of records) {
          this.#producer.produce(record)
          taken++
        }
        return `${taken} taken`
      } catch (error) {
        if (error instanceof BufferFullError) return error
        throw error
      }
    })
    return taken
  }

  /** `send()`, not awaited here: what it gives is told when it comes. */
  send(record: PlainRecord, why = ''): Promise<DeliveryReport | Error> {
    const call = `${this.#name}.send(${code(record)})`
    const report = this.#stage.actNow(call, why, () => this.#producer.send(record), 'a promise')
    return report.then(
      done => {
        this.#stage.told(shown(done))
        return done
      },
      error => {
        this.#stage.told(shown(error))
        return asError(error)
      },
    )
  }

  flush(why = ''): Promise<number> {
    return this.#stage.act(`await ${this.#name}.flush()`, why, () => this.#producer.flush())
  }

  drain(why = ''): Promise<void> {
    return this.#stage.act(`await ${this.#name}.drain()`, why, () => this.#producer.drain())
  }

  initTransactions(why = ''): Promise<void> {
    return this.#call('initTransactions', why, () => this.#producer.initTransactions())
  }

  beginTransaction(why = ''): Promise<void> {
    return this.#stage.act(`${this.#name}.beginTransaction()`, why, () => {
      this.#producer.beginTransaction()
    })
  }

  commitTransaction(why = ''): Promise<void> {
    return this.#call('commitTransaction', why, () => this.#producer.commitTransaction())
  }

  abortTransaction(why = ''): Promise<void> {
    return this.#call('abortTransaction', why, () => this.#producer.abortTransaction())
  }

  async close(why = ''): Promise<void> {
    await this.#stage.act(`await ${this.#name}.close()`, why, async () => {
      const left = await this.#producer.close()
      return left.length === 0 ? 'nothing is left undelivered' : `${left.length} undelivered`
    })
  }

  /** Closes it, if the scenario has not done so. */
  async dispose(): Promise<void> {
    await this.#producer.close({ timeout: 0 })
  }

  #call(name: string, why: string, work: () => Promise<void>): Promise<void> {
    return this.#stage.act(`await ${this.#name}.${name}()`, why, work)
  }
}
