/**
 * The producers side by side: `npm run bench`, in two minutes with `npm run bench -- --quick`.
 * docs/performance.md says what is measured and how.
 */
import { Command, InvalidArgumentError } from 'commander'
import { measureAll } from './measure.ts'
import { allPeers, available, buildOurs, installPeers } from './peers.ts'
import {
  expectedSeconds,
  fullPlan,
  isSameWork,
  nameOf,
  type Plan,
  quickPlan,
  REFERENCE,
  runsOf,
} from './plan.ts'
import { Progress } from './progress.ts'
import { setting, writeResults } from './results.ts'
import { summarize } from './summary.ts'
import { table } from './table.ts'
import { variantPlan, withVariants } from './variants.ts'

interface Flags {
  readonly quick: boolean
  readonly variants: boolean
  readonly rounds: number
  readonly messages: number
  readonly only?: RegExp
  readonly out?: string
  readonly resume: boolean
  readonly ours?: string
}

new Command('bench')
  .description('Measures the producer beside other clients, on a real Apache Kafka.')
  .option('--quick', 'two minutes: fewer clients, codecs and records', false)
  .option('--variants', 'the peers set up in other ways: is one of them faster?', false)
  .option('--rounds <n>', 'how often all is run; for goals 2n+1 times', whole, 3)
  .option('--messages <n>', 'records a run', whole, 1_000_000)
  .option('--only <regex>', `only what matches, as in 'lz4' or 'posthaste.*none'`, pattern)
  .option('--ours <module>', 'measure this build of posthaste instead of the sources')
  .option('--out <name>', 'the name of the files in bench/results')
  .option('--resume', 'go on with the same benchmark where it was stopped', false)
  .allowExcessArguments(false)
  .action(main)
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  })

async function main(flags: Flags): Promise<void> {
  await installPeers()
  const { peers, lacking } = available(withVariants(allPeers(flags.ours ?? (await buildOurs()))))
  const plan = planOf(flags)
  const name = flags.out ?? (flags.quick ? 'quick' : flags.variants ? 'variants' : 'producer')
  const progress = await Progress.of(name, plan, flags.resume)
  const runs = runsOf(plan).length
  progress.say(`${runs} runs, about ${Math.ceil(expectedSeconds(plan) / 60)} minutes`)
  const { figures, failures } = await measureAll(plan, peers, progress)
  const rows = summarize(figures)
  process.stdout.write(`\n${table(rows)}\n`)
  for (const name of lacking) process.stdout.write(`left out: ${name}\n`)
  for (const failure of failures.values()) process.stdout.write(`failed: ${failure}\n`)
  if (failures.size > 0) process.exitCode = 1
  const most = Math.max(...rows.map(row => row.messages))
  await writeResults(name, { ...setting(), messages: most, rows, figures })
  if (failures.size === 0) await progress.over()
}

function planOf({ quick, variants, rounds, messages, only }: Flags): Plan {
  const full = fullPlan(messages, rounds)
  const plan = quick ? quickPlan() : variants ? variantPlan(full.cases, rounds) : full
  if (!only) return plan
  // The reference stays, as without it there are no ratios.
  const wanted = plan.cases.filter(each => only.test(nameOf(each)))
  const cases = plan.cases.filter(each => {
    const isReference = each.client === REFERENCE && each.mode === 'produce'
    return wanted.includes(each) || (isReference && wanted.some(one => isSameWork(one, each)))
  })
  return { ...plan, cases }
}

function whole(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('It must be a whole number above 0.')
}

function pattern(text: string): RegExp {
  return new RegExp(text)
}
