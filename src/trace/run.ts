import type { PlainEvent } from './plain-event.ts'
import type { Scenario } from './scenario.ts'
import { Stage, type Theatre } from './stage.ts'
import { type Entry, type Step, Stepper } from './steps.ts'

export interface RunOptions {
  /** Told of each step as it happens. */
  readonly onStep?: (step: Step) => void
  /** Told of each entry of the recording as it is written. */
  readonly onEntry?: (entry: Entry) => void
}

/** A run that is over. */
export interface Trace {
  readonly scenario: string
  readonly title: string
  readonly about: string
  readonly entries: readonly Entry[]
  readonly steps: readonly Step[]
}

/**
 * Runs a scenario on real clients and gives its trace. The run itself takes its natural time,
 * mostly well below a second: what is slow is the showing, so that no pause of somebody who watches
 * makes a broker lose patience.
 */
export async function runScenario(
  scenario: Scenario,
  theatre: Theatre,
  { onStep, onEntry }: RunOptions = {},
): Promise<Trace> {
  const stepper = new Stepper()
  const steps: Step[] = []
  const entries: Entry[] = []
  const stage = new Stage(theatre, written => {
    const entry = renamed(written)
    entries.push(entry)
    onEntry?.(entry)
    const step = stepper.take(entry)
    if (!step) return
    steps.push(step)
    onStep?.(step)
  })
  try {
    await scenario.play(stage)
  } finally {
    await stage.clear()
  }
  const { name, title, about } = scenario
  return { scenario: name, title, about, entries, steps }
}

/** Clients go by the names that the scenario gave them; in the cluster each run has its own. */
function renamed(entry: Entry): Entry {
  if (entry.is !== 'event') return entry
  const { event } = entry
  const clientId = event.source.clientId.replace(/@\w+$/, '')
  const named: PlainEvent = { ...event, source: { ...event.source, clientId } }
  return { is: 'event', event: named }
}
