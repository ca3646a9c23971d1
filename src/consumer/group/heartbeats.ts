import type { Clock } from '../../base/clock.ts'
import { sleep } from '../../base/clock.ts'

/** Runs `beat` every `intervalMs` until `task` is settled, and gives what became of the task. */
export async function whileBeating<T>(
  clock: Clock,
  intervalMs: number,
  beat: () => Promise<void>,
  task: Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const beating = (async () => {
    while (!over.signal.aborted) {
      await sleep(clock, intervalMs, over.signal)
      if (!over.signal.aborted) await beat()
    }
  })()
  try {
    return await task
  } finally {
    over.abort()
    await beating
  }
}
