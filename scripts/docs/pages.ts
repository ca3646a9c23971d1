import { configurationPage } from './configuration.ts'
import { statesPage } from './states.ts'

/** Every page that is made from the code alone. */
export const pages: readonly (readonly [path: string, make: () => string])[] = [
  ['docs/configuration.md', configurationPage],
  ['docs/states.md', statesPage],
]
