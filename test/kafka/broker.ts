import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { waitFor } from '../support/wait.ts'
import { brokersKnownTo, isListening } from './probe.ts'
import type { Place } from './properties.ts'

// A broker that has not come up by then never will.
const startLimitMs = 120_000
const stopLimitMs = 20_000

/** One JVM of a real Kafka cluster, to be killed, frozen and brought back. */
export class KafkaBroker {
  readonly id: number
  readonly port: number
  readonly #place: Place
  readonly #java: readonly string[]
  #jvm: ChildProcess | undefined

  constructor(place: Place, java: readonly string[]) {
    this.id = place.id
    this.port = place.port
    this.#place = place
    this.#java = java
  }

  /** The process id of its JVM. Throws while it is down. */
  get pid(): number {
    const pid = this.#jvm?.pid
    if (pid === undefined) throw new Error(`broker ${this.id} is not running`)
    return pid
  }

  get running(): boolean {
    return this.#jvm !== undefined
  }

  /** Starts its JVM, and waits until it answers and `ready` accepts the brokers it knows of. */
  async start(ready: (known: number[]) => boolean = known => known.includes(this.id)) {
    await this.#launch()
    await waitFor(
      `broker ${this.id}`,
      async () => {
        if (!this.#jvm) throw new Error(`broker ${this.id} ended:\n${await this.lastWords()}`)
        const known = await brokersKnownTo(this.#place.host, this.port)
        return ready(known ?? []) && (await this.#listensEverywhere())
      },
      { limitMs: startLimitMs },
    )
  }

  /** It opens one listener after the other: the one that answers says nothing of the rest. */
  async #listensEverywhere(): Promise<boolean> {
    const settings = await readFile(join(this.#place.folder, 'server.properties'), 'utf8')
    const [, listeners = ''] = /^listeners=(.*)$/m.exec(settings) ?? []
    const places = [...listeners.matchAll(/:\/\/([^:,]+):(\d+)/g)]
    const open = await Promise.all(places.map(([, host, port]) => isListening(host!, Number(port))))
    return places.length > 0 && open.every(Boolean)
  }

  /** Ends the JVM with a signal, SIGKILL by default, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const jvm = this.#jvm
    if (!jvm) return
    jvm.ref()
    const gone = once(jvm, 'exit')
    jvm.kill(signal)
    await gone
  }

  /** Stops the JVM where it stands (SIGSTOP): its connections stay open, and nothing answers. */
  async freeze(): Promise<void> {
    const { pid } = this
    process.kill(pid, 'SIGSTOP')
    await waitFor(`every thread of ${pid} to stop`, () => isStopped(pid))
  }

  /** Lets a frozen JVM go on. */
  thaw(): void {
    process.kill(this.pid, 'SIGCONT')
  }

  /** Brings it back, after ending it if it still runs; on the same port with the same data. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** Asks it to hand over and end; insists after 20 s, as when no controller is left to ask. */
  async stop(): Promise<void> {
    const enough = new AbortController()
    const insist = pause(stopLimitMs, undefined, { signal: enough.signal }).then(
      () => this.kill('SIGKILL'),
      () => {},
    )
    await this.kill('SIGTERM')
    enough.abort()
    await insist
  }

  /** The end of what it logged, for a failure's message. */
  async lastWords(): Promise<string> {
    const files = ['console.log', 'broker.log'].map(name => join(this.#place.folder, name))
    const texts = await Promise.all(files.map(file => readFile(file, 'utf8').catch(() => '')))
    return texts.join('\n').trim().split('\n').slice(-30).join('\n')
  }

  async #launch(): Promise<void> {
    if (this.#jvm) throw new Error(`broker ${this.id} is running already`)
    const { folder } = this.#place
    const output = await open(join(folder, 'console.log'), 'a')
    // In a process group of its own, so that Ctrl-C reaches only us, who then stop it in order.
    const jvm = spawn('java', this.#java, {
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    })
    try {
      await once(jvm, 'spawn')
      // Without a wait between: one that ends at once would end unheard.
      this.#watch(jvm, join(folder, 'pid'))
    } finally {
      await output.close()
    }
  }

  #watch(jvm: ChildProcess, pidFile: string): void {
    this.#jvm = jvm
    jvm.unref()
    jvm.on('exit', () => {
      this.#jvm = undefined
      rmSync(pidFile, { force: true })
    })
    writeFileSync(pidFile, String(jvm.pid))
  }
}

/**
 * A signal is taken when one of the threads gets the processor; on a busy machine the others go on
 * answering until then. Where threads cannot be looked at, the signal alone must do.
 */
async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
  const lines = await Promise.all(
    threads.map(id => readFile(`/proc/${pid}/task/${id}/stat`, 'latin1').catch(() => ') T')),
  )
  return lines.every(line => line.slice(line.lastIndexOf(')') + 2).startsWith('T'))
}
