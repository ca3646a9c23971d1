/**
 * Feeds whatever reads bytes of others with right inputs made wrong, for as long as one asks:
 *
 *   npm run fuzz -- --inputs 10000000 --seed 7 [--target codecs] [--from 0]
 *   npm run fuzz -- --target codecs --input BASE64
 *
 * The inputs follow from the seed alone. They are fed in a process of their own, so that one which
 * hangs, crashes or takes too much memory is found, and named with the command that repeats it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { feedOne, inputOf } from './fuzz/run.ts'
import type { Target } from './fuzz/target.ts'
import { targets } from './fuzz/targets/index.ts'
import type { Told, Work } from './fuzz/worker.ts'

/** So many inputs are fed before the worker says that it lives. */
const STRETCH = 5000
/** How long such a stretch may take before it counts as hanging; one input alone, a tenth. */
const PATIENCE_MS = 120_000
/** What the worker's process may hold, its code and the engine's own included. */
const MOST_RESIDENT_BYTES = 1.5 * 2 ** 30

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    from: { type: 'string', default: '0' },
    target: { type: 'string' },
    input: { type: 'string' },
  },
})
const [seed, from, inputs] = [values.seed, values.from, values.inputs].map(Number)
if (![seed, from, inputs].every(Number.isSafeInteger)) {
  throw new Error('--seed, --from and --inputs take whole numbers')
}
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target)
if (chosen.length === 0) {
  throw new Error(`--target must be one of ${targets.map(({ name }) => name).join(', ')}`)
}

type Outcome = Told | { readonly is: 'silent' } | { readonly is: 'gone'; readonly how: string }

let worker: ChildProcess | undefined

/** Has a worker do it, and gives the last that was heard of it, with the last input it told of. */
async function ask(work: Work, patienceMs: number): Promise<{ last: Outcome; index: number }> {
  worker ??= fork(join(import.meta.dirname, 'fuzz', 'worker.ts'), {
    execArgv: [...process.execArgv, '--max-old-space-size=768'],
  })
  const asked = worker
  let index = work.from
  const last = await new Promise<Outcome>(resolve => {
    const silence = () => resolve({ is: 'silent' })
    let timer = setTimeout(silence, patienceMs)
    asked.removeAllListeners('message').on('message', (told: Told) => {
      clearTimeout(timer)
      if (told.is !== 'at') return resolve(told)
      index = told.index
      timer = setTimeout(silence, patienceMs)
    })
    asked.once('exit', (code, signal) => resolve({ is: 'gone', how: signal ?? `exit ${code}` }))
    asked.send(work)
  })
  asked.removeAllListeners('exit')
  if (last.is === 'silent' || last.is === 'gone') await dismiss()
  return { last, index }
}

async function dismiss(): Promise<void> {
  const dismissed = worker
  worker = undefined
  if (!dismissed || dismissed.exitCode !== null || dismissed.signalCode !== null) return
  dismissed.kill('SIGKILL')
  await once(dismissed, 'exit')
}

/** Feeds a stretch; where the worker did not live to tell which input it was, goes one by one. */
async function stretch(target: Target, first: number, count: number): Promise<void> {
  const work = { target: target.name, seed: seed!, from: first, count, careful: false }
  const { last } = await ask(work, PATIENCE_MS)
  if (last.is === 'done') {
    if (last.residentBytes <= MOST_RESIDENT_BYTES) return
    fail(target, first, `${last.residentBytes} bytes are held after ${count} inputs`, count)
  }
  if (last.is === 'failed') fail(target, last.index, last.message, 1)
  const again = await ask({ ...work, careful: true }, PATIENCE_MS / 10)
  const how = last.is === 'gone' ? `ended its process (${last.how})` : 'hangs'
  if (again.last.is === 'done') fail(target, first, `${how}, somewhere in this stretch`, count)
  const input = inputOf(target, seed!, again.index)
  fail(target, again.index, `${how}\ninput: ${input.toString('base64')}`, 1)
}

function fail(target: Target, index: number, why: string, count: number): never {
  const rerun = `npm run fuzz -- --target ${target.name} --seed ${seed} --from ${index}`
  process.stderr.write(`${target.name}: ${why}\nagain: ${rerun} --inputs ${count}\n`)
  worker?.kill('SIGKILL')
  process.exit(1)
}

async function feedGiven(target: Target, input: Buffer): Promise<void> {
  await target.begin?.()
  await feedOne(target, input, 0)
  await target.end?.()
}

if (values.input !== undefined) {
  await feedGiven(chosen[0]!, Buffer.from(values.input, 'base64'))
  process.stdout.write('read or refused\n')
} else {
  const all = chosen.reduce((sum, { weight }) => sum + weight, 0)
  process.stdout.write(`seed ${seed}\n`)
  for (const target of chosen) {
    const count = Math.ceil((inputs! * target.weight) / all)
    const began = performance.now()
    for (let at = from!; at < from! + count; at += STRETCH) {
      await stretch(target, at, Math.min(STRETCH, from! + count - at))
    }
    const seconds = (performance.now() - began) / 1000
    const rate = Math.round(count / seconds)
    process.stdout.write(`${target.name}: ${count} inputs, ${rate} a second\n`)
  }
  await dismiss()
}
