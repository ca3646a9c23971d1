import { handlers } from '../../src/broker/handlers/index.ts'
import type { VersionRange } from '../../src/protocol/schema/api.ts'
import { othersVersions } from './others-versions.ts'

/** Why an API that Kafka has is not served; the others' rows need no word. */
const absent: readonly (readonly [names: string, why: string])[] = [
  ['CreateDelegationToken and its family', 'tokens are for clusters with many principals'],
  ['UnregisterBroker, AddRaftVoter, RemoveRaftVoter', 'there is no quorum to change'],
  ['Share and Streams groups', 'not served yet; Kafka clients do not need them for the rest'],
  ['GetTelemetrySubscriptions, PushTelemetry', 'a Kafka broker serves them only with a plugin'],
]

/** docs/broker-apis.md */
export function brokerApisPage(): string {
  const ours = new Map(handlers.map(({ api, versions }) => [api.key, versions]))
  const names = new Map(handlers.map(({ api }) => [api.key, api.name]))
  const others = new Map(othersVersions.map(row => [row.key, row]))
  const keys = [...new Set([...ours.keys(), ...others.keys()])].sort((a, b) => a - b)
  const rows = keys.map(key => {
    const other = others.get(key)
    const name = names.get(key) ?? other?.name ?? ''
    const ranges = [ours.get(key), other?.kafka, other?.kfake, other?.mock].map(shown)
    return `| ${key} | ${name} | ${ranges.join(' | ')} |`
  })
  const reasons = absent.map(([name, why]) => `- ${name}: ${why}.`)
  return `${[
    '# The APIs of the embedded cluster',
    '',
    '<!-- Made by `npm run docs` from the handlers in src/broker/handlers. -->',
    '',
    'The versions of each API that the embedded cluster serves, beside those of others: a broker of',
    "Apache Kafka 4.3.1, franz-go's kfake of 2026-09-18, and the mock cluster of librdkafka 2.16.1, as",
    'each tells them by ApiVersions. What each API does here, and where that differs from Kafka, stands',
    'at the top of its file in `src/broker/handlers/`.',
    '',
    '| key | API | embedded | Kafka | kfake | librdkafka mock |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    'Where rows are empty, or tell less than one might expect:',
    '',
    ...reasons,
  ].join('\n')}\n`
}

function shown(range: VersionRange | null | undefined): string {
  return range ? `${range[0]}–${range[1]}` : '–'
}
