import { modelAt, type Step, type Trace } from '../../trace/index.ts'
import type { painter } from '../paint.ts'
import { cut, wrapped } from './lines.ts'
import { pictureLines } from './picture.ts'

type Paint = ReturnType<typeof painter>

/** What a player shows: the step, counted from 1, and how it goes on. */
export interface Position {
  readonly step: number
  readonly isRunning: boolean
  /** How many steps a second. */
  readonly speed: number
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

const MOST_SPARKS = 24
const sparks = '▁▂▃▄▅▆▇█'

/** One picture of a player, of `rows` lines at most, none longer than `columns`. */
export function frame(trace: Trace, at: Position, size: Size, paint: Paint): string[] {
  const { columns } = size
  const current = trace.steps[at.step - 1]
  const call = trace.steps.find(({ is, act }) => is === 'call' && act === current?.act)
  const head = [
    paint('bold', cut(`${at.step}/${trace.steps.length}  ${trace.title}`, columns)),
    paint(['bold', 'cyan'], cut(call?.action ?? '', columns)),
    ...wrapped(call?.out ?? '', columns)
      .slice(0, 2)
      .map(line => paint('dim', line)),
    '',
  ]
  const picture = ['', ...pictureLines(modelAt(trace.entries, at.step), columns)]
  const variables = ['', ...trackerLines(trace.steps.slice(0, at.step), columns)]
  const foot = ['', paint('dim', cut(keysLine(at, columns), columns))]
  const left = size.rows - head.length - foot.length
  const below = asFits([picture, variables], Math.max(0, left - 4))
  const room = Math.max(1, left - below.length)
  return [...head, ...recent(trace.steps, at.step, room, columns, paint), ...below, ...foot].slice(
    -size.rows,
  )
}

/** Parts as far as there is room for them, the first ones first. */
function asFits(parts: readonly string[][], room: number): string[] {
  const lines: string[] = []
  for (const part of parts) lines.push(...part.slice(0, Math.max(0, room - lines.length)))
  return lines
}

function recent(steps: readonly Step[], step: number, room: number, columns: number, paint: Paint) {
  return steps.slice(Math.max(0, step - room), step).map(each => {
    const isCurrent = each.step === step
    const out = each.out === '' || each.is === 'call' ? '' : ` → ${each.out}`
    const line = cut(`${isCurrent ? '▶ ' : '  '}${each.action}${out}`, columns)
    return isCurrent ? paint('bold', line) : paint('dim', line)
  })
}

/** The variables with their course so far. */
function trackerLines(steps: readonly Step[], columns: number): string[] {
  const tracker = steps.at(-1)?.tracker ?? {}
  const label = Math.min(16, Math.max(4, Math.floor(columns / 3)))
  return Object.entries(tracker).map(([name, value]) => {
    const course = steps.map(each => each.tracker[name] ?? 0)
    const numbers = course.filter(each => typeof each === 'number')
    const line = typeof value === 'number' ? spark(numbers.slice(-MOST_SPARKS)) : ''
    return cut(`${cut(name, label).padEnd(label)} ${String(value).padEnd(10)} ${line}`, columns)
  })
}

function spark(numbers: readonly number[]): string {
  const most = Math.max(1, ...numbers)
  const top = sparks.length - 1
  return numbers.map(n => sparks[Math.round((n / most) * top)] ?? '').join('')
}

function keysLine({ isRunning, speed }: Position, columns: number): string {
  if (columns < 50) return '␣ ← → + - q'
  const run = isRunning ? 'space pause' : 'space run'
  return `${run} · → step · ← back · + - speed (${speed}/s) · r again · q quit`
}
