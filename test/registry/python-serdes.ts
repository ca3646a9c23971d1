import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pythonWithRegistry } from '../python/registry-venv.ts'

const script = join(import.meta.dirname, '..', 'python', 'registry_serdes.py')

/** Bytes and headers as a record carries them, in hex. */
export interface Wire {
  readonly bytes: string | null
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** confluent-kafka's serializers and deserializers, in one process for many calls. */
export class PythonSerdes {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #answers: AsyncIterator<string>
  #last: Promise<unknown> = Promise.resolve()
  #errors = ''

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    this.#answers = createInterface(child.stdout)[Symbol.asyncIterator]()
    child.stderr.on('data', chunk => {
      this.#errors += chunk
    })
  }

  static async start(): Promise<PythonSerdes> {
    return new PythonSerdes(spawn(await pythonWithRegistry(), ['-u', script]))
  }

  /** One call; calls are answered in order. Rejects with Python's own words. */
  call(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    const answer = this.#last.then(() => this.#call(request))
    this.#last = answer.catch(() => {})
    return answer
  }

  async write(request: Readonly<Record<string, unknown>>): Promise<Wire> {
    return (await this.call({ op: 'write', ...request })) as Wire
  }

  read(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.call({ op: 'read', ...request })
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.stdin.end()
    await gone
  }

  async #call(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`)
    const line = await this.#answers.next()
    if (line.done) throw new Error(`Python ended:\n${this.#errors}`)
    const answer: { ok?: unknown; error?: string } = JSON.parse(line.value)
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer.ok
  }
}
