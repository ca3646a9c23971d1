import { systemClock, within } from '../base/clock.ts'
import type { EmbeddedCluster } from '../broker/index.ts'
import { asError, TimeoutError } from '../errors.ts'
import type { AnyEvent } from '../events.ts'
import { Admin, orThrow } from '../index.ts'
import type { PlainEvent } from './plain-event.ts'
import { Recorder } from './recorder.ts'
import { shown } from './show.ts'
import type { Entry } from './steps.ts'
import { TracedConsumer, type TracedConsumerSettings } from './traced-consumer.ts'
import { TracedProducer, type TracedProducerSettings } from './traced-producer.ts'

/** Where a scenario is played. */
export interface Theatre {
  /** Settings of clients: where the brokers are, and how to get in. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The cluster itself, where it is one of this process: it can be made to fail on purpose. */
  readonly cluster?: EmbeddedCluster | undefined
}

/** How long a scenario waits for something that it is about. */
const PATIENCE_MS = 60_000
let runs = 0

/** What a scenario plays on: real clients, whose calls and events are written down. */
export class Stage {
  readonly recorder: Recorder
  readonly #theatre: Theatre
  /** In a cluster of this process counting is enough to tell runs apart. */
  readonly #run: string
  readonly #topics = new Set<string>()
  readonly #open = new Set<{ dispose(): Promise<void> }>()
  #acts = 0

  constructor(theatre: Theatre, heard: (entry: Entry) => void) {
    this.#theatre = theatre
    this.#run = String(++runs) + (theatre.cluster ? '' : systemClock.epoch().toString(36))
    this.recorder = new Recorder(
      event => this.#isMine(event),
      entry => heard(entry),
    )
  }

  /** The cluster, where it is one of this process. */
  get cluster(): EmbeddedCluster | undefined {
    return this.#theatre.cluster
  }

  /** A topic of this run's own; in a cluster that others use it has a name of its own. */
  async topic(name: string, partitions: number): Promise<string> {
    using admin = new Admin(this.#settings('admin'))
    const [first] = await admin.topics.create([{ name, partitions }])
    const isTaken = first?.is === 'failed' && first.error.code === 'TOPIC_ALREADY_EXISTS'
    const own = isTaken ? this.own(name) : name
    if (isTaken) (await admin.topics.create([{ name: own, partitions }])).forEach(orThrow)
    else orThrow(first!)
    this.#topics.add(own)
    return own
  }

  /** A name that no other run has: for a group, or a transactional id. */
  own(name: string): string {
    return `${name}-${this.#run}`
  }

  producer(name: string, settings: TracedProducerSettings = {}, why = ''): TracedProducer {
    const made = new TracedProducer(
      this,
      name,
      { ...this.#settings(name), ...settings },
      settings,
      why,
    )
    this.#open.add(made)
    return made
  }

  consumer(name: string, settings: TracedConsumerSettings = {}, why = ''): TracedConsumer {
    const made = new TracedConsumer(
      this,
      name,
      { ...this.#settings(name), ...settings },
      settings,
      why,
    )
    this.#open.add(made)
    return made
  }

  /** A call of the program: written down with what it gives, or the error that it throws. */
  async act<T>(code: string, why: string, work: () => T | Promise<T>): Promise<T> {
    const act = this.#call(code, why)
    try {
      return this.#returned(act, await work())
    } catch (thrown) {
      this.#returned(act, asError(thrown))
      throw thrown
    }
  }

  /** The same for a call that gives its result at once. */
  actNow<T>(code: string, why: string, work: () => T, words: string): T {
    const act = this.#call(code, why)
    try {
      return this.#returned(act, work(), words)
    } catch (thrown) {
      this.#returned(act, asError(thrown))
      throw thrown
    }
  }

  #call(code: string, why: string): number {
    const act = ++this.#acts
    this.recorder.note({ is: 'call', act, code, why })
    return act
  }

  #returned<T>(act: number, value: T, text = shown(value)): T {
    this.recorder.note({ is: 'return', act, text, at: systemClock.now() })
    return value
  }

  /** The program is told something: a callback was called, an error came up. */
  told(text: string): void {
    this.recorder.note({ is: 'told', text, at: systemClock.now() })
  }

  /** Waits for an event that came already or comes now. */
  until(what: string, isIt: (event: PlainEvent) => boolean): Promise<PlainEvent> {
    const late = () =>
      new TimeoutError({ code: 'TRACE_STUCK', message: `the run waited in vain for ${what}` })
    return within(systemClock, PATIENCE_MS, this.recorder.until(isIt), late)
  }

  /** Closes what the scenario left open, and deletes its topics in a cluster of others. */
  async clear(): Promise<void> {
    for (const each of this.#open) await each.dispose()
    this.recorder.close()
    if (this.#theatre.cluster || this.#topics.size === 0) return
    using admin = new Admin(this.#settings('admin'))
    await admin.topics.delete([...this.#topics])
  }

  #settings(name: string): Record<string, unknown> & { 'bootstrap.servers': string } {
    const { settings } = this.#theatre
    const servers = String(settings['bootstrap.servers'])
    return { ...settings, 'bootstrap.servers': servers, 'client.id': `${name}@${this.#run}` }
  }

  #isMine(event: AnyEvent): boolean {
    if (event.name === 'broker:answered') return this.#isOwn(event.client)
    if (event.name.startsWith('broker:')) return 'topic' in event && this.#topics.has(event.topic)
    return this.#isOwn(event.source.clientId)
  }

  #isOwn(clientId: string): boolean {
    return clientId.endsWith(`@${this.#run}`) && !clientId.startsWith('admin@')
  }
}
