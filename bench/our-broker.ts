import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** A broker in a process of its own. */
export interface Running {
  readonly bootstrapServers: string
  readonly pid: number
  stop(): Promise<void>
}

/** Starts `posthaste broker` as it was compiled beside `ours`, at free ports. */
export async function startOurs(ours: string, more: readonly string[] = []): Promise<Running> {
  const main = join(dirname(ours), 'cli', 'main.js')
  const broker = spawn(process.execPath, [main, 'broker', '--port', '0', ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(broker, 'exit')
  const [line] = await Promise.race([
    once(broker.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('posthaste broker ended before it served'))),
  ])
  return {
    bootstrapServers: String(line).trim().replace('ready ', ''),
    pid: broker.pid!,
    async stop() {
      broker.kill()
      await ended
    },
  }
}

/** Of a process with all its threads, as Linux counts it: in hundredths of a second. */
export async function cpuSeconds(pid: number): Promise<number> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8')
  // The name, which comes second, is in brackets and may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
