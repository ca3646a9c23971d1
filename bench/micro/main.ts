/**
 * What the pieces cost, without a network: `npm run bench:micro`. CPU time, the best of many short
 * runs, since whatever else the machine does can only add to it. `npm run bench:guard` compares it
 * with what was stored: as ratios to a loop that runs in turn with each piece, since times alone
 * say as much of the machine as of the code. It is compiled, since what tsx adds to every closure
 * costs more than the closure.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { spread } from '../summary.ts'
import { cell, grid } from '../table.ts'
import { type Limits, type Measured, type Stored, storedFrom, verdictOf } from './guard.ts'
import { producerSubjects } from './producer.ts'
import { protocolSubjects } from './protocol.ts'
import { recordSubjects } from './records.ts'
import { reference, type Subject } from './subject.ts'

const STORED = process.env.GUARD_FILE ?? 'bench/guard.json'
const subjects = [...protocolSubjects, ...recordSubjects, ...producerSubjects]

interface Flags {
  readonly only?: string
  readonly rounds: string
  readonly guard: boolean
  readonly update: boolean
}

new Command('bench:micro')
  .description('Measures the pieces of the client that cost most, without a network.')
  .option('--only <regex>', 'only those whose names match')
  .option('--rounds <n>', 'how often all is measured', '1')
  .option('--guard', 'compare with bench/guard.json, and fail where something costs more', false)
  .option(
    '--update',
    'store what is measured; with several rounds, to know how far it varies',
    false,
  )
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main({ only, rounds, guard, update }: Flags): Promise<void> {
  const pattern = new RegExp(only ?? '')
  const wanted = subjects.filter(({ name }) => pattern.test(name))
  const measured = new Map<Subject, Measured[]>(wanted.map(subject => [subject, []]))
  for (let round = 1; round <= Number(rounds); round++) {
    for (const [i, subject] of wanted.entries()) {
      process.stderr.write(`${i + 1} of ${wanted.length}, round ${round}: ${subject.name}\n`)
      measured.get(subject)!.push(await measure(subject))
    }
  }
  const known: Stored = JSON.parse(await readFile(STORED, 'utf8').catch(() => '{}'))
  process.stdout.write(`${report(measured, known, guard)}\n`)
  if (update) {
    const stored: Stored = { ...known, ...storedFrom(measured) }
    await writeFile(STORED, `${JSON.stringify(stored, null, 2)}\n`)
  }
}

function report(all: ReadonlyMap<Subject, Measured[]>, known: Stored, guard: boolean): string {
  const head = ['what', 'of', 'ns', '÷ reference']
  let failed = 0
  const lines = [...all].map(([{ name, unit }, runs]) => {
    const micros = cell(spread(runs.map(({ ns }) => ns)), ns => ns.toFixed(ns < 100 ? 1 : 0))
    const ratios = spread(runs.map(({ ratio }) => ratio))
    const line = [name, unit, micros, cell(ratios, ratio => ratio.toPrecision(3))]
    if (!guard) return line
    const limits: Limits | undefined = known[name]
    const verdict = verdictOf(ratios.min, limits)
    if (verdict === 'too much') failed++
    const expected = limits ? limits.ratio.toPrecision(3) : ''
    const tolerance = limits ? `±${Math.round(limits.tolerance * 100)} %` : ''
    return [...line, expected, tolerance, verdict]
  })
  if (failed > 0) process.exitCode = 1
  return grid([guard ? [...head, 'stored', 'may vary', ''] : head, ...lines])
}

const LEAST_RUNS = 7
const LEAST_MS = 400

/** The best of many runs; runs of the reference loop come in between, of which the best counts. */
async function measure(subject: Subject): Promise<Measured> {
  await reference.run()
  await subject.begin?.()
  await subject.run()
  let [ours, theirs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const start = performance.now()
  for (let i = 0; i < LEAST_RUNS || performance.now() - start < LEAST_MS; i++) {
    theirs = Math.min(theirs, await cpuOf(reference))
    ours = Math.min(ours, await cpuOf(subject))
  }
  await subject.end?.()
  return { ns: ours, ratio: ours / theirs }
}

/** Nanoseconds of CPU for one of what a subject does. */
async function cpuOf({ run, count }: Subject): Promise<number> {
  const start = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / count
}
