import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { kafkaClasspath } from '../kafka/jars.ts'
import { cached, root } from '../support/cache.ts'
import { run, runOrThrow } from '../support/run.ts'
import { stringifyKafkaJson } from './kafka-json.ts'

const sources = join(root, 'test', 'java')

/** One API as Kafka's classes know it. */
export interface KafkaApi {
  readonly key: number
  readonly name: string
  readonly min: number
  readonly max: number
  /** Above `max` where Kafka has a version that brokers don't offer by default. */
  readonly unstableMax: number
  readonly requestHeaders: readonly number[]
  readonly responseHeaderAtMax: number
  readonly listeners: readonly ('broker' | 'controller')[]
}

export interface KafkaErrorRow {
  readonly code: number
  readonly name: string
  readonly retriable: boolean
  readonly refreshesMetadata: boolean
}

/** One field as Kafka's classes know it. */
export interface KafkaField {
  readonly name: string
  readonly type: string
  readonly array: boolean
  readonly versions: readonly number[]
  readonly nullable: readonly number[]
  readonly tag?: number
  readonly default: string | boolean | null
  /** Absent where no version has the field's parents without the field. */
  readonly ignorable?: boolean
  readonly fields?: readonly KafkaField[]
}

interface Answer {
  readonly error?: string
  readonly bytes?: string
  readonly json?: unknown
  readonly partition?: number
  readonly apis?: readonly KafkaApi[]
  readonly errors?: readonly KafkaErrorRow[]
  readonly fields?: readonly KafkaField[]
}

/** What a frame is made of, for Java to put together. */
export interface FrameQuestion {
  readonly api: number
  readonly version: number
  readonly correlationId: number
  readonly clientId: string | null
  readonly json: unknown
}

/** Why the oracle can't run here, or undefined where it can. With CI=true it must. */
export async function oracleMissing(): Promise<string | undefined> {
  if (process.env.CI === 'true') return undefined
  for (const tool of ['java', 'javac', 'mvn']) {
    const outcome = await run(tool, ['-version']).catch(() => undefined)
    if (outcome?.code !== 0) return `${tool} is not there, so nothing can be held against Java`
  }
  return undefined
}

/**
 * Kafka's own classes in a JVM, asked line by line (test/java/Oracle.java). Many questions may be
 * under way; answers come in order.
 */
export class Oracle {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting: ((line: string) => void)[] = []
  readonly #failing: ((error: Error) => void)[] = []
  #complaints = ''
  /** Why there will be no more answers. */
  #ended: Error | undefined

  static async start(): Promise<Oracle> {
    const classpath = [await compiled(), await kafkaClasspath()].join(delimiter)
    const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']
    const oracle = new Oracle(spawn('java', [...flags, '-cp', classpath, 'Oracle']))
    await oracle.errors() // so that a JVM that can't start fails here
    return oracle
  }

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
    child.stderr.on('data', chunk => {
      this.#complaints = (this.#complaints + String(chunk)).slice(-4_000)
    })
    child.stdin.on('error', () => {})
    child.on('error', error => this.#fail(error))
    child.on('exit', code => this.#fail(new Error(`Java ended (${code}): ${this.#complaints}`)))
    createInterface({ input: child.stdout }).on('line', line => {
      this.#failing.shift()
      this.#waiting.shift()?.(line)
    })
  }

  /** The bytes that Java makes of a message. */
  async encode(message: string, version: number, json: unknown): Promise<Buffer> {
    const { bytes } = await this.#ask({ do: 'encode', message, version, json })
    return Buffer.from(bytes ?? '', 'base64')
  }

  /** What Java reads in the bytes of a message. */
  async decode(message: string, version: number, bytes: Buffer): Promise<unknown> {
    const question = { do: 'decode', message, version, bytes: bytes.toString('base64') }
    return (await this.#ask(question)).json
  }

  /** A whole request with its length and header. */
  async frame(question: FrameQuestion): Promise<Buffer> {
    const { bytes } = await this.#ask({ do: 'frame', ...question })
    return Buffer.from(bytes ?? '', 'base64')
  }

  async apis(): Promise<readonly KafkaApi[]> {
    return (await this.#ask({ do: 'apis' })).apis ?? []
  }

  async errors(): Promise<readonly KafkaErrorRow[]> {
    return (await this.#ask({ do: 'errors' })).errors ?? []
  }

  async describe(message: string): Promise<readonly KafkaField[]> {
    return (await this.#ask({ do: 'describe', message })).fields ?? []
  }

  /** The partition that Java's producer gives a key. */
  async partition(key: Buffer, partitions: number): Promise<number | undefined> {
    const question = { do: 'partition', key: key.toString('base64'), partitions }
    return (await this.#ask(question)).partition
  }

  async close(): Promise<void> {
    if (this.#ended) return
    const ended = new Promise<void>(resolve => this.#child.once('exit', () => resolve()))
    this.#child.stdin.end()
    await ended
  }

  async #ask(question: object): Promise<Answer> {
    if (this.#ended) throw this.#ended
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push(resolve)
      this.#failing.push(reject)
      this.#child.stdin.write(`${stringifyKafkaJson(question)}\n`)
    })
    const answer: Answer = JSON.parse(line)
    if (answer.error !== undefined) throw new Error(`Java: ${answer.error}`)
    return answer
  }

  #fail(error: Error): void {
    this.#ended = error
    for (const reject of this.#failing.splice(0)) reject(error)
    this.#waiting.length = 0
  }
}

/** The folder of the compiled program; compiled anew when a source or the jars change. */
async function compiled(): Promise<string> {
  const names = (await readdir(sources)).filter(name => name.endsWith('.java')).sort()
  const files = names.map(name => join(sources, name))
  const hash = createHash('sha256')
  for (const file of files) hash.update(await readFile(file))
  const classpath = await kafkaClasspath()
  hash.update(classpath)
  return cached(`oracle-${hash.digest('hex').slice(0, 12)}`, async folder => {
    await runOrThrow('javac', ['--release', '17', '-cp', classpath, '-d', folder, ...files])
  })
}
