import { expect, test } from 'vitest'
import { fuzz } from '../scripts/fuzz/run.ts'
import { targets } from '../scripts/fuzz/targets/index.ts'

/** A sample of what `npm run fuzz` does for as long as one asks. */
const INPUTS = 40_000
const all = targets.reduce((sum, { weight }) => sum + weight, 0)

const named = targets.map(target => [target.name, target] as const)

test.each(named)('%s: read or refused, within its bounds', async (_, target) => {
  const count = Math.ceil((INPUTS * target.weight) / all)
  await fuzz(target, { seed: 20261121, from: 0, count })
  expect(count).toBeGreaterThan(400)
})
