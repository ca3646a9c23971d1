import { EmbeddedRegistry, type EmbeddedRegistryOptions } from '../../src/registry/server/index.ts'

/** An answer of a registry: the status, and its JSON. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A registry, and requests to it as anybody's client sends them. */
export class TestRegistry {
  readonly url: string
  readonly #registry: EmbeddedRegistry

  private constructor(registry: EmbeddedRegistry) {
    this.#registry = registry
    this.url = registry.url
  }

  static async start(options?: EmbeddedRegistryOptions): Promise<TestRegistry> {
    return new TestRegistry(await EmbeddedRegistry.start(options))
  }

  stop(): Promise<void> {
    return this.#registry.stop()
  }

  /** `ask('GET /subjects')`, `ask('POST /subjects/a/versions', { schema })` */
  async ask(words: string, body?: unknown): Promise<Answer> {
    const [method = '', path = ''] = words.split(' ')
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }

  /** As `ask`, but gives what came with status 200, and throws for any other. */
  async get(words: string, body?: unknown): Promise<unknown> {
    const answer = await this.ask(words, body)
    if (answer.status === 200) return answer.body
    throw new Error(`${words}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  /** Registers, and gives the id. */
  async register(subject: string, schema: unknown, more: object = {}): Promise<number> {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema)
    const path = `POST /subjects/${encodeURIComponent(subject)}/versions`
    const body = await this.get(path, { schema: text, ...more })
    return Number(body instanceof Object && 'id' in body && body.id)
  }
}

export const record = (fields: object[], name = 'Order') => ({ type: 'record', name, fields })
export const id = { name: 'id', type: 'long' }
export const note = { name: 'note', type: 'string' }
export const noteWithDefault = { ...note, default: '' }
