import { apiIndexPage, apiPage, entryPoints } from './api.ts'
import { brokerApisPage } from './broker-apis.ts'
import { commandLinePage } from './command-line.ts'
import { configurationPage } from './configuration.ts'
import { dependenciesPage } from './dependencies.ts'
import { errorsPage } from './errors.ts'
import { eventsPage } from './events.ts'
import { grafanaDashboard } from './grafana.ts'
import { metricsPage } from './metrics.ts'
import { performancePage } from './performance.ts'
import { statesPage } from './states.ts'

/** Every page that is made from the code, or from what was measured. */
export const pages: readonly (readonly [path: string, make: () => string])[] = [
  ['docs/api.md', apiIndexPage],
  ...entryPoints().map(entry => [`docs/api/${entry.page}.md`, () => apiPage(entry)] as const),
  ['docs/broker-apis.md', brokerApisPage],
  ['docs/cli-reference.md', commandLinePage],
  ['docs/configuration.md', configurationPage],
  ['docs/dependencies.md', dependenciesPage],
  ['docs/errors.md', errorsPage],
  ['docs/events.md', eventsPage],
  ['docs/grafana/posthaste.json', grafanaDashboard],
  ['docs/metrics.md', metricsPage],
  ['docs/performance.md', performancePage],
  ['docs/states.md', statesPage],
]
