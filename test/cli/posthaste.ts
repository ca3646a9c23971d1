import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, vi } from 'vitest'
import { root } from '../support/cache.ts'
import { type Outcome, type RunOptions, run, runOrThrow } from '../support/run.ts'

// Such a test starts several processes one after the other, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

// The command line as it is shipped, made from the sources as they are now: node starts that in a
// third of the time that a loader for TypeScript takes. Types are not looked at here. It lies in
// the repository, since it looks for its packages from where it is.
await mkdir(join(root, '.cache'), { recursive: true })
const folder = await mkdtemp(join(root, '.cache', 'command-line-'))
const main = join(folder, 'dist/cli/main.js')
const plain = ['--noCheck', '--declaration', 'false', '--sourceMap', 'false']
const project = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')]
await runOrThrow(join(root, 'node_modules/.bin/tsc'), [...project, ...plain])
// The demo's orders lie beside dist, as in the package.
await symlink(join(root, 'examples'), join(folder, 'examples'))
afterAll(() => rm(folder, { recursive: true, force: true }))

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
    this.child.stdout.on('data', chunk => {
      this.stdout += chunk
    })
    this.child.stderr.on('data', chunk => {
      this.stderr += chunk
    })
    this.child.stdin.on('error', () => {})
    this.ended = new Promise(resolve => this.child.on('close', resolve))
  }

  [Symbol.dispose](): void {
    this.child.kill('SIGKILL')
  }
}
