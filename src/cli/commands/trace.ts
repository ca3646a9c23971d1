import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { nearest } from '../../base/nearest.ts'
import { EmbeddedCluster } from '../../broker/index.ts'
import { adminOptions } from '../../index.ts'
import {
  runScenario,
  type Scenario,
  scenarios,
  type Theatre,
  type Trace,
} from '../../trace/index.ts'
import { wholeNumber } from '../arguments.ts'
import { contact } from '../contact.ts'
import { exitCodes, UsageError } from '../exit.ts'
import { Interrupt } from '../interrupt.ts'
import { Output } from '../output.ts'
import { painter } from '../paint.ts'
import { type CommonFlags, settingsFor } from '../settings.ts'
import { paperLines } from '../trace/paper.ts'
import { Player } from '../trace/player.ts'

interface Flags extends CommonFlags {
  readonly list?: boolean
  readonly speed: number
  readonly ui?: boolean
  readonly uiHost: string
  readonly uiPort: number
}

const BROKERS = 3
const HERE = '127.0.0.1'
const WIDTH_WITHOUT_TERMINAL = 100

const examples = `
Examples:
  posthaste trace
  posthaste trace retry
  posthaste trace transaction --json | jq .action
  posthaste trace keys -b localhost:9092
  posthaste trace --ui

A small program runs on the real producer and consumer, against a cluster of three brokers in this
process or, with -b, a running one; each step is an event that they told. In a terminal: space runs
and pauses, → and ← step, + and - change the speed, q quits. Elsewhere the steps are listed.`

export function declare(command: Command): void {
  command
    .argument('[scenario]', 'what to show; --list names all', 'first-message')
    .option('--list', 'list the scenarios')
    .option('--speed <steps>', 'how many steps a second, in a terminal', wholeNumber(1, 32), 2)
    .option('--ui', 'show it on a page in a browser instead')
    .option('--ui-port <port>', 'of the page; 0: a free one', wholeNumber(0, 65_535), 0)
    .option(
      '--ui-host <address>',
      'where the page is served; elsewhere than here it takes a token',
      HERE,
    )
    .addHelpText('after', examples)
    .action(async (name: string) => {
      process.exitCode = await trace(name, command.optsWithGlobals<Flags>())
    })
}

async function trace(name: string, flags: Flags): Promise<number> {
  const out = new Output(process.stdout)
  try {
    if (flags.list) list(out, flags)
    else if (flags.ui) return await page(scenarioNamed(name), flags, out)
    else await show(scenarioNamed(name), flags, out)
  } finally {
    await out.end()
  }
  return exitCodes.done
}

function list(out: Output, { json }: Flags): void {
  for (const { name, title, about } of scenarios) {
    if (json) out.json({ name, title, about })
    else out.line(`${name.padEnd(15)} ${about}`)
  }
}

/** Throws a UsageError that names the nearest one. */
function scenarioNamed(name: string): Scenario {
  const found = scenarios.find(scenario => scenario.name === name)
  if (found) return found
  const names = scenarios.map(scenario => scenario.name)
  const near = nearest(name, names)
  const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean ${near}?`
  throw new UsageError(`there is no scenario ${name}`, hint)
}

async function show(scenario: Scenario, flags: Flags, out: Output): Promise<void> {
  await using place = await theatreFor(scenario, flags)
  using interrupt = new Interrupt()
  const isPlayed = process.stdin.isTTY && process.stdout.isTTY && !flags.json
  const run = await runScenario(scenario, place.theatre, {
    onStep: step => {
      if (flags.json) out.json(step)
    },
  })
  if (flags.json) return
  if (isPlayed) await play(run, flags, interrupt)
  const width = process.stdout.isTTY ? process.stdout.columns || 80 : WIDTH_WITHOUT_TERMINAL
  for (const line of paperLines(run, width, painter(process.stdout))) out.line(line)
}

/** Serves the page until it is told to end; gives the exit code. */
async function page(scenario: Scenario, flags: Flags, out: Output): Promise<number> {
  const { servePage } = await import('../../dashboard/index.ts')
  await using place = await theatreFor(scenario, flags)
  using interrupt = new Interrupt()
  const { theatre } = place
  const { settings } = theatre
  const where = { host: flags.uiHost, port: flags.uiPort }
  const title = flags.bootstrapServer ?? 'a cluster of three brokers'
  await using served = await servePage({ settings, theatre, title, isMine: () => true, ...where })
  const url = `${served.url}#trace/${scenario.name}`
  if (flags.json) out.json({ ui: url })
  else out.line(`ui ${url}`)
  out.push()
  await interrupt.asked
  return exitCodes.done
}

async function play(run: Trace, { speed }: Flags, { signal }: Interrupt): Promise<void> {
  const { stdin: input, stdout: output } = process
  const terminal = { input, output, paint: painter(output), clock: systemClock, signal }
  await new Player(run, terminal, speed).play()
}

/** A cluster of this process, or the one that was named. */
async function theatreFor(
  { name, needsEmbedded }: Scenario,
  flags: Flags,
): Promise<{ readonly theatre: Theatre } & AsyncDisposable> {
  if (flags.bootstrapServer !== undefined) {
    if (needsEmbedded) {
      const what = `${name} makes a broker fail on purpose, which a running one lets nobody do`
      throw new UsageError(what, 'leave out -b: a cluster of this process then serves')
    }
    const settings = settingsFor(adminOptions, flags)
    const admin = await contact(settings)
    admin.close()
    return { theatre: { settings }, async [Symbol.asyncDispose]() {} }
  }
  const cluster = await EmbeddedCluster.start({ brokers: BROKERS })
  const here = { ...flags, bootstrapServer: cluster.bootstrapServers }
  return {
    theatre: { settings: settingsFor(adminOptions, here), cluster },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}
