/**
 * Everything that is measured, one after the other: `npm run bench:all`. It goes on where it was
 * stopped: what was finished under the same `--since` is not run again, and the one that was under
 * way takes up its kept figures. `npm run docs` then puts them into docs/performance.md.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'

/** What is run, the results that it writes, and about how many minutes it takes by itself. */
const all = [
  { script: 'bench', args: ['--resume'], result: 'producer', minutes: 35 },
  { script: 'bench:consumer', args: ['--resume'], result: 'consumer', minutes: 12 },
  { script: 'bench:scale', args: [], result: 'scale', minutes: 9 },
  { script: 'bench:broker', args: [], result: 'broker', minutes: 3 },
  { script: 'bench:registry', args: ['--resume'], result: 'registry', minutes: 4 },
  { script: 'bench', args: ['--variants', '--resume'], result: 'variants', minutes: 6 },
] as const

new Command('bench:all')
  .description('Runs every benchmark.')
  .option('--since <time>', 'results from then on are not measured again; an ISO time')
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main({ since }: { readonly since?: string }): Promise<void> {
  const from = since === undefined ? Date.now() : Date.parse(since)
  if (Number.isNaN(from)) throw new Error(`--since ${since} is no time`)
  const again = new Date(from).toISOString()
  const left = []
  for (const each of all) if (!(await isDone(each.result, from))) left.push(each)
  const minutes = left.map(each => each.minutes).reduce((sum, each) => sum + each, 0)
  process.stderr.write(`about ${minutes} minutes; if it is stopped: --since ${again}\n`)
  const failed: string[] = []
  for (const { script, args, minutes } of left) {
    const words = ['run', '--silent', script, '--', ...args]
    process.stderr.write(`\n${words.join(' ')}: about ${minutes} minutes\n`)
    const child = spawn('npm', words, { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    if (code !== 0) failed.push(`${script} ${args.join(' ')}`)
  }
  if (failed.length > 0) throw new Error(`not all of it worked: ${failed.join(', ')}`)
}

async function isDone(result: string, from: number): Promise<boolean> {
  const file = join(import.meta.dirname, 'results', `${result}.json`)
  const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: 0 }))
  return mtimeMs > from
}
