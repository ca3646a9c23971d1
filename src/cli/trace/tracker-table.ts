import type { Step } from '../../trace/index.ts'
import { table } from '../table.ts'
import { cut } from './lines.ts'

/** The last step of each of the program's calls. */
export function lastOfActs(steps: readonly Step[]): Step[] {
  const last = new Map<number, Step>()
  for (const step of steps) if (step.act > 0) last.set(step.act, step)
  return [...last.values()]
}

/**
 * The variables over the calls: a row each, a column a call; side by side as far as they fit. What
 * was higher within a call than at its end is shown with its peak, as `3→0`.
 */
export function trackerTables(steps: readonly Step[], width: number): string[][] {
  const ends = lastOfActs(steps)
  const names = [...new Set(ends.flatMap(({ tracker }) => Object.keys(tracker)))]
  const label = Math.min(Math.max(7, ...names.map(name => name.length)), Math.floor(width / 2))
  const tables: string[][] = []
  const columns = ends.map(end => columnOf(steps, end, names))
  for (let from = 0; from < columns.length; ) {
    const shown = fitting(columns.slice(from), width - label)
    tables.push(tableOf(shown, names, label).map(line => cut(line, width)))
    from += shown.length
  }
  return tables
}

interface Column {
  readonly act: string
  readonly cells: readonly string[]
}

function columnOf(steps: readonly Step[], end: Step, names: readonly string[]): Column {
  const within = steps.filter(({ act }) => act === end.act)
  const cells = names.map(name => {
    const value = end.tracker[name]
    if (typeof value !== 'number') return value ?? '·'
    const peak = Math.max(...within.map(({ tracker }) => Number(tracker[name] ?? 0)))
    return peak > value ? `${peak}→${value}` : String(value)
  })
  return { act: String(end.act), cells }
}

function tableOf(shown: readonly Column[], names: readonly string[], label: number): string[] {
  const headings = shown.map(({ act }) => ({ heading: act, numbers: true }))
  const rows = names.map((name, i) => [
    cut(name, label),
    ...shown.map(({ cells }) => cells[i] ?? ''),
  ])
  return table([{ heading: 'tracker' }, ...headings], rows)
}

/** As many columns as `width` takes; at least one. */
function fitting(columns: readonly Column[], width: number): Column[] {
  let left = width
  const shown: Column[] = []
  for (const column of columns) {
    left -= 2 + Math.max(column.act.length, ...column.cells.map(cell => cell.length))
    if (left < 0 && shown.length > 0) break
    shown.push(column)
  }
  return shown
}
