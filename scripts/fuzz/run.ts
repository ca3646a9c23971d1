import { seededRandom } from '../../src/base/random.ts'
import { installMeter, removeMeter, takeAllocated } from './meter.ts'
import { FuzzFailure, type Target } from './target.ts'

/** Which inputs of a target: those from `from` on, under a seed. */
export interface Stretch {
  readonly seed: number
  readonly from: number
  readonly count: number
}

/** How often a pause is made for whatever else the process has to do. */
const BREATH = 1000

/**
 * Feeds a target with a stretch of its inputs. Rejects with a FuzzFailure at the first that throws
 * what it must not, or lets more be allocated than the target may. `told` hears of each input
 * before it is fed.
 */
export async function fuzz(
  target: Target,
  { seed, from, count }: Stretch,
  told?: (index: number) => void,
): Promise<void> {
  const span = target.span ?? 1
  // What depends on inputs before it begins where these do.
  const first = from - (from % span)
  await target.begin?.()
  installMeter()
  try {
    for (let index = first; index < from + count; index++) {
      if (span > 1 && index > first && index % span === 0) {
        await target.end?.()
        await target.begin?.()
      }
      told?.(index)
      await feedOne(target, inputOf(target, seed, index), index)
      if (index % BREATH === 0) await new Promise(resolve => setImmediate(resolve))
    }
  } finally {
    removeMeter()
    await target.end?.()
  }
}

/** The input of that number: it depends on the seed and on nothing before it. */
export function inputOf(target: Target, seed: number, index: number): Buffer {
  let mixed = Math.imul(seed | 1, 0x9e3779b1)
  for (const letter of target.name) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193)
  return target.input(seededRandom(mixed + Math.imul(index, 0x85ebca6b)))
}

/** Feeds one input, and looks at what it cost. */
export async function feedOne(target: Target, input: Buffer, index: number): Promise<void> {
  takeAllocated()
  try {
    const fed = target.feed(input)
    if (fed) await fed
  } catch (error) {
    throw new FuzzFailure(target.name, index, input, error)
  }
  const allocated = takeAllocated()
  const allowed = target.mayAllocate(input)
  if (allocated <= allowed) return
  const why = `${allocated} bytes were allocated for ${input.length}, and ${allowed} are allowed`
  throw new FuzzFailure(target.name, index, input, why)
}
