import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { vi } from 'vitest'
import { root } from '../support/cache.ts'
import { sharedPackage } from '../support/door.ts'
import { type Outcome, type RunOptions, run } from '../support/run.ts'

// Such a test starts several processes one after the other, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

/** The package as it is shipped. */
export const folder = await sharedPackage()
export const main = join(folder, 'dist/cli/main.js')

/** As outside of any terminal, and without settings of whoever runs the tests. */
function surroundings(): NodeJS.ProcessEnv {
  const { KAFKA_BOOTSTRAP_SERVERS: _, ...env } = process.env
  return { ...env, NO_COLOR: '1' }
}

/** Runs the command line as a process of its own, to its end. */
export function posthaste(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [main, ...args], { cwd: root, env: surroundings(), ...options })
}

/** The command line while it runs. */
export class Running {
  readonly child: ChildProcessWithoutNullStreams
  stdout = ''
  stderr = ''
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [main, ...args], { cwd: root, env: surroundings() })
    // A letter of several bytes may come in two pieces.
    const [out, err] = [new StringDecoder(), new StringDecoder()]
    this.child.stdout.on('data', chunk => {
      this.stdout += out.write(chunk)
    })
    this.child.stderr.on('data', chunk => {
      this.stderr += err.write(chunk)
    })
    this.child.stdin.on('error', () => {})
    this.ended = new Promise(resolve => this.child.on('close', resolve))
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL')
  }
}
