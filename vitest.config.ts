import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/longest-first.ts'

// Files that come when all others are done: brokers are killed there and frozen under load, which
// should disturb nobody else.
const chaos = ['test/chaos/**/*.test.ts']

const limits = {
  testTimeout: 60_000,
  // The first to ask for the real Kafka waits until it is fetched, formatted and started.
  hookTimeout: 300_000,
}

// The projects do not extend the root: its global setup would run once more for each.
export default defineConfig({
  test: {
    pool: 'forks',
    // Many of them wait for sessions to time out, or for a JVM to start: more than CI has cores.
    maxWorkers: 3,
    globalSetup: 'test/support/global-setup.ts',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          ...limits,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: chaos,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...limits,
          name: 'chaos',
          include: chaos,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
