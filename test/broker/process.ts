import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { root } from '../support/cache.ts'
import { firstLine } from '../support/first-line.ts'

/** `posthaste broker` in a process of its own, on a port and a folder it may have had before. */
export async function startBroker(
  port: number,
  data: string,
  more: readonly string[] = [],
): Promise<ChildProcess> {
  const main = join(root, 'src', 'cli', 'main.ts')
  const where = ['--port', String(port), '--data', data]
  const args = ['--import', 'tsx', main, 'broker', ...where, ...more]
  const broker = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  await firstLine(broker)
  return broker
}

/** Ends a broker, by SIGKILL unless it is asked nicely; resolves when it is gone. */
export async function endBroker(
  broker: ChildProcess,
  signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
): Promise<void> {
  if (broker.exitCode !== null || broker.signalCode !== null) return
  const gone = once(broker, 'exit')
  broker.kill(signal)
  await gone
}
