import { type Clock, systemClock } from '../../base/clock.ts'
import { listen, serverFor, shut } from './http.ts'
import { forgetfulJournal, type Journal, openJournal } from './journal.ts'
import { Registry } from './registry.ts'
import { State } from './state.ts'

/** Where a registry listens, and what it keeps. */
export interface EmbeddedRegistryOptions {
  /** The port to listen on. Default: 0, any that is free. */
  readonly port?: number
  /** The address to listen on. Default: 127.0.0.1, so that only this machine reaches it. */
  readonly host?: string
  /** A folder to keep the schemas in. Default: none, they are forgotten when the registry stops. */
  readonly dataDir?: string
  readonly clock?: Clock
}

/**
 * A schema registry within this process, for development and tests: Confluent's REST API with its
 * subjects, versions, references, contexts, compatibility rules and error codes, for Avro, JSON
 * Schema and Protobuf. Its default compatibility is BACKWARD, as Confluent's.
 *
 * Throws a RegistryError if `dataDir` is in use, damaged, of another version, or another's.
 *
 * @example
 * await using registry = await EmbeddedRegistry.start()
 * const client = new SchemaRegistryClient({ 'schema.registry.url': registry.url })
 */
export class EmbeddedRegistry {
  /** What clients take as `schema.registry.url`. */
  readonly url: string
  readonly #stop: () => Promise<void>
  #stopped: Promise<void> | undefined

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url
    this.#stop = stop
  }

  /**
   * Starts a registry; it serves when the promise resolves. Rejects with the system's error for a
   * port that is taken.
   */
  static async start(options: EmbeddedRegistryOptions = {}): Promise<EmbeddedRegistry> {
    const { port = 0, host = '127.0.0.1', dataDir, clock = systemClock } = options
    const { journal, state } = await opened(dataDir)
    const registry = new Registry(state, journal, clock)
    const server = serverFor(registry)
    try {
      const bound = await listen(server, port, host)
      const name = host.includes(':') ? `[${host}]` : host
      return new EmbeddedRegistry(`http://${name}:${bound}`, async () => {
        await shut(server)
        await registry.settled()
        await journal.close()
      })
    } catch (error) {
      await journal.close()
      throw error
    }
  }

  /** Ends it: connections are closed, what was registered is kept. Later calls do nothing. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

async function opened(dataDir: string | undefined): Promise<{ journal: Journal; state: State }> {
  const state = new State()
  if (dataDir === undefined) return { journal: forgetfulJournal, state }
  const { journal, changes } = await openJournal(dataDir)
  for (const change of changes) state.apply(change)
  return { journal, state }
}
