import { spawn } from 'node:child_process'

/** What a command left behind. `code` is null when a signal ended it. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Written to the command's standard input, which is then closed. Default: nothing. */
  readonly stdin?: string | Uint8Array
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Ends the command with SIGKILL. */
  readonly signal?: AbortSignal
}

/** Runs a command to its end. Rejects only when it cannot be started or is called off. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const { stdin = '', ...spawnOptions } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...spawnOptions, killSignal: 'SIGKILL' })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', chunk => stdout.push(chunk))
    child.stderr.on('data', chunk => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', code => {
      resolve({
        code,
        stdout: String(Buffer.concat(stdout)),
        stderr: String(Buffer.concat(stderr)),
      })
    })
    // A command may end without reading its input: its exit code says what that means.
    child.stdin.on('error', () => {})
    child.stdin.end(stdin)
  })
}

/** As `run`, but an exit code other than 0 rejects with the command's own words. */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<Outcome> {
  const outcome = await run(command, args, options)
  if (outcome.code === 0) return outcome
  const words = `${outcome.stderr}\n${outcome.stdout}`.trim().split('\n').slice(-30).join('\n')
  throw new Error(`${command} ${args.join(' ')} ended with ${outcome.code}:\n${words}`)
}
