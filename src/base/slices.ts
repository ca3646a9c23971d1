import type { Clock } from './clock.ts'

/** How many items are worked on before others have a turn: a few milliseconds of light work. */
const SLICE = 1_000

/** Lets everything else that waits for the event loop have its turn. */
export function turn(clock: Clock): Promise<void> {
  return new Promise(done => clock.soon(done))
}

/** Runs a generator to its end, and lets others have a turn at each of its stops. */
export async function inSlices<T>(clock: Clock, steps: Iterator<void, T>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await turn(clock)
  }
}

/** Calls `work` with a slice of the items at a time, and lets others have a turn in between. */
export function* slices<T>(
  items: readonly T[],
  work: (some: readonly T[]) => void,
): Generator<void> {
  for (let from = 0; from < items.length; from += SLICE) {
    if (from > 0) yield
    work(items.slice(from, from + SLICE))
  }
}

/**
 * The items in order, as `toSorted` gives them, with turns for others: slices are sorted one by
 * one, and then merged two by two.
 */
export function* sortedInSlices<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, T[]> {
  let runs: T[][] = []
  yield* slices(items, some => void runs.push(some.toSorted(compare)))
  while (runs.length > 1) {
    const longer: T[][] = []
    for (let i = 0; i < runs.length; i += 2) {
      longer.push(yield* merged(runs[i] ?? [], runs[i + 1] ?? [], compare))
    }
    runs = longer
  }
  return runs[0] ?? []
}

function* merged<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, T[]> {
  const all: T[] = []
  let [i, j] = [0, 0]
  while (i < left.length && j < right.length) {
    // What is equal keeps its order: the left comes first.
    all.push(compare(left[i]!, right[j]!) <= 0 ? left[i++]! : right[j++]!)
    if (all.length % SLICE === 0) yield
  }
  return all.concat(left.slice(i), right.slice(j))
}
