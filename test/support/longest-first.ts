import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take a minute or more. Were one of them the last, all other workers would wait. */
const longest = [
  'docs/guides',
  'interop/broker-groups-kafka',
  'dashboard/browser',
  'contract/security',
  'contract/consumer-groups',
  'simulation/producer',
  'interop/broker-franz',
  'interop/broker-apicurio',
  'contract/admin-security',
  'interop/broker-security',
  'kafka/cluster',
  'registry/compat-apicurio',
  'chaos/exactly-once',
]

/** Begins each group of files with those that take longest: vitest knows only their sizes. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const rank = ({ project, moduleId }: TestSpecification) =>
      2 * project.config.sequence.groupOrder +
      (longest.some(name => moduleId.endsWith(`/test/${name}.test.ts`)) ? 0 : 1)
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
