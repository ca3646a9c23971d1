import { Consumer } from '../index.ts'
import { code } from './show.ts'
import type { Stage } from './stage.ts'

export type TracedConsumerSettings = Readonly<Record<string, unknown>>

/** A real consumer whose calls are steps of a trace, written as they were made. */
export class TracedConsumer {
  readonly #stage: Stage
  readonly #name: string
  readonly #consumer: Consumer
  #loop: Promise<void> | undefined
  #isClosed = false

  constructor(
    stage: Stage,
    name: string,
    settings: TracedConsumerSettings & { 'bootstrap.servers': string },
    shownSettings: TracedConsumerSettings,
    why: string,
  ) {
    this.#stage = stage
    this.#name = name
    this.#consumer = stage.actNow(
      `${name} = new Consumer(${code(shownSettings)})`,
      why,
      () => {
        return new Consumer(settings)
      },
      'a consumer',
    )
  }

  /** Joins the group, and reads on in the background until it is closed. */
  async subscribe(topics: readonly string[], why = ''): Promise<void> {
    await this.#stage.act(`await ${this.#name}.subscribe(${code(topics)})`, why, () =>
      this.#consumer.subscribe(topics),
    )
    this.#loop = this.#consumer.run({ eachMessage: () => {} })
  }

  /** Reads partitions from their beginnings to their ends; gives the values. */
  async readAll(topic: string, partitions: number, why = ''): Promise<string[]> {
    const slots = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const loop = `for await (const message of ${this.#name}.messages({ until: 'end' })) …`
    return this.#stage.act(loop, why, async () => {
      await this.#consumer.assign(slots.map(slot => ({ ...slot, offset: 'earliest' as const })))
      const values: string[] = []
      for await (const message of this.#consumer.messages({ until: 'end' })) {
        values.push(String(message.value))
      }
      return values
    })
  }

  async close(why = ''): Promise<void> {
    await this.#stage.act(`await ${this.#name}.close()`, why, () => this.dispose())
  }

  /** Closes it, if the scenario has not done so. */
  async dispose(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#consumer.close()
    await this.#loop
  }
}
