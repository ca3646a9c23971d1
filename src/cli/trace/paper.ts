import type { Step, Trace } from '../../trace/index.ts'
import type { painter } from '../paint.ts'
import { wrapped } from './lines.ts'
import { lastOfActs, trackerTables } from './tracker-table.ts'

type Paint = ReturnType<typeof painter>

/** A trace as a list to be read from above: each call with what it led to, then the tracker. */
export function paperLines(trace: Trace, width: number, paint: Paint): string[] {
  const ends = lastOfActs(trace.steps)
  return [
    ...wrapped(trace.title, width).map(line => paint('bold', line)),
    ...wrapped(trace.about, width),
    '',
    ...ends.flatMap(end => [...actLines(trace.steps, end, ends.length, width, paint), '']),
    ...trackerTables(trace.steps, width).flatMap(([heading = '', ...rows]) => [
      paint('bold', heading),
      ...rows,
      '',
    ]),
  ].slice(0, -1)
}

function actLines(
  steps: readonly Step[],
  end: Step,
  acts: number,
  width: number,
  paint: Paint,
): string[] {
  const own = steps.filter(({ act }) => act === end.act)
  const [call, ...rest] = own
  if (!call) return []
  return [
    ...wrapped(`Step ${end.act} of ${acts}`, width).map(line => paint('dim', line)),
    ...wrapped(call.action, width).map(line => paint(['bold', 'cyan'], line)),
    ...wrapped(call.out, width, '  ').map(line => paint('dim', line)),
    ...rest.flatMap(step => stepLines(step, width, paint)),
    ...wrapped(`state: ${end.state}`, width, '  '),
  ]
}

const styles = { call: 'cyan', return: 'green', told: 'green', event: 'reset' } as const

/** What happened, and behind an arrow what came out of it. */
export function stepLines(step: Step, width: number, paint: Paint): string[] {
  const time = `${step.at.toFixed(1).padStart(7)} ms  `
  const indent = width < 50 ? '  ' : ' '.repeat(time.length)
  const out = step.out === '' ? '' : ` → ${step.out}`
  const lines = wrapped(`${step.action}${out}`, width, indent)
  if (width >= 50 && lines[0] !== undefined) lines[0] = time + lines[0].slice(time.length)
  return lines.map(line => paint(styles[step.is], line))
}
