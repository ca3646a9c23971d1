import { expect, test } from 'vitest'
import { simulate } from './run.ts'

const FIRST = Number(process.env.SEED ?? 1)
const SEEDS = Number(process.env.SEEDS ?? (process.env.SEED === undefined ? 1_500 : 1))
const PER_TEST = 50

/** SEED=17 reruns one seed just as it was; SEEDS=100000 runs so many. */
const groups = Array.from({ length: Math.ceil(SEEDS / PER_TEST) }, (_, i) => FIRST + i * PER_TEST)

test.each(groups)(
  'a producer keeps its promises from seed %i on',
  { timeout: 600_000 },
  async from => {
    const failures: string[] = []
    for (let seed = from; seed < Math.min(from + PER_TEST, FIRST + SEEDS); seed++) {
      const broken = await simulate(seed)
      if (broken.length > 0) failures.push(`SEED=${seed}: ${broken.slice(0, 8).join('; ')}`)
    }
    expect(failures).toEqual([])
  },
)
