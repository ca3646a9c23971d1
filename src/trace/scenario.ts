import type { Stage } from './stage.ts'

/** A small program that shows one idea; it is really run, and its trace is what was heard. */
export interface Scenario {
  readonly name: string
  readonly title: string
  /** What is to be seen. */
  readonly about: string
  /** It makes the cluster fail on purpose, which only one of this process lets itself be made. */
  readonly needsEmbedded?: boolean
  play(stage: Stage): Promise<void>
}
