import type { SingleBar } from 'cli-progress'
import { systemClock } from '../base/clock.ts'

/** How far long work has come. */
export interface Progress {
  /** `done` in the unit of the total; `records` so far. */
  update(done: number, records: number): void
  stop(): void
}

export const noProgress: Progress = { update() {}, stop() {} }

/** With a total and without, for terminals of at least so many columns; the widest first. */
const layouts = [
  {
    columns: 80,
    withTotal: ' {bar} {percentage}%  {records} records  {rate}/s  {left} left',
    without: ' {records} records  {rate}/s',
  },
  {
    columns: 40,
    withTotal: ' {percentage}%  {records} records  {left} left',
    without: ' {records} records  {rate}/s',
  },
  { columns: 0, withTotal: ' {percentage}% {left} left', without: ' {records}' },
] as const

/** A bar with rate and time left on a terminal; without a total, just the count and the rate. */
export async function progressBar(
  stream: NodeJS.WriteStream,
  total: number | undefined,
): Promise<Progress> {
  const { default: progress } = await import('cli-progress')
  const layout = layouts.find(({ columns }) => (stream.columns || 80) >= columns) ?? layouts[0]
  const bar: SingleBar = new progress.SingleBar({
    stream,
    format: total === undefined ? layout.without : layout.withTotal,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
  })
  const startedAt = systemClock.now()
  bar.start(total ?? 1, 0, { records: '0', rate: '0', left: '–' })
  return {
    update(done, records) {
      const seconds = (systemClock.now() - startedAt) / 1000
      const rate = Math.round(records / Math.max(seconds, 0.001))
      const left = total === undefined || done === 0 ? 0 : (seconds * (total - done)) / done
      bar.update(total === undefined ? 0 : done, {
        records: grouped(records),
        rate: grouped(rate),
        left: `${Math.ceil(left)} s`,
      })
    },
    stop: () => bar.stop(),
  }
}

/** 1234567 as `1,234,567`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US')
}
