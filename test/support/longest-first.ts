import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take half a minute or more, the longest first. Were one of them the last, all other
 * workers would wait for it.
 */
const longest = [
  'contract/security',
  'dashboard/browser',
  'contract/consumer-groups',
  'simulation/producer',
  'interop/broker-franz',
  'docs/guides',
  'interop/broker-security',
  'contract/admin-security',
  'kafka/cluster',
  'interop/broker-apicurio',
  'registry/compat-apicurio',
  'interop/broker-groups-kafka',
  'cli/completion',
  'interop/broker-transactions',
  'registry/generated',
  'interop/broker-groups',
  'interop/broker-kafka-tools',
  'interop/broker-kafka-admin',
  'interop/broker-python',
  'contract/transactions',
  'contract/transaction-protocol',
  'contract/tracing',
  'chaos/exactly-once',
  'chaos/consumer-churn',
  'chaos/broker-kill',
  'chaos/producer',
  'chaos/consumer-brokers',
  'chaos/toxiproxy',
  'chaos/transactions',
]

/** Begins each group of files with those that take longest: vitest knows only their sizes. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    const rank = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex(name => moduleId.endsWith(`/test/${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    const sorted = await super.sort(files)
    return sorted.sort((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}
