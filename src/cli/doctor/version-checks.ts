import type { VersionRange } from '../../net/negotiate.ts'
import {
  ConsumerGroupHeartbeat,
  Fetch,
  InitProducerId,
  Metadata,
  Produce,
} from '../../protocol/index.ts'
import { type Finding, fine, problem, warning } from './finding.ts'
import type { Settings } from './settings-checks.ts'

/** Which versions of each request a broker speaks, by API key. */
export type Apis = ReadonlyMap<number, VersionRange>

/** What is asked of a broker, from which release on it can, and how to do without. */
interface Want {
  readonly what: string
  readonly since: string
  readonly isWanted: (settings: Settings) => boolean
  readonly api: { readonly key: number }
  /** The least version of that API. */
  readonly version: number
  readonly instead: string
}

const always = () => true

const wants: readonly Want[] = [
  {
    what: 'records with headers, in the format that idempotence needs',
    since: '0.11',
    isWanted: always,
    api: Produce,
    version: 3,
    instead: 'this client needs Kafka 0.11 at the least: upgrade the broker',
  },
  {
    what: 'an idempotent producer',
    since: '0.11',
    isWanted: ({ producer }) => producer.enableIdempotence,
    api: InitProducerId,
    version: 0,
    instead: 'upgrade the broker, or set enable.idempotence to false',
  },
  {
    what: 'compression by zstd',
    since: '2.1',
    isWanted: ({ producer }) => producer.compressionType === 'zstd',
    api: Produce,
    version: 7,
    instead: 'upgrade the broker, or set compression.type to lz4',
  },
  {
    what: 'groups of the protocol "consumer" (KIP-848)',
    since: '4.0',
    isWanted: ({ consumer }) => consumer.groupProtocol === 'consumer',
    api: ConsumerGroupHeartbeat,
    version: 0,
    instead: 'upgrade the cluster, or set group.protocol to classic',
  },
  {
    what: 'leader epochs, by which readers notice a log that was cut (KIP-320)',
    since: '2.1',
    isWanted: always,
    api: Metadata,
    version: 7,
    instead: 'upgrade the broker; until then an unclean election may go unnoticed',
  },
  {
    what: 'fetch sessions, which save most of the traffic of idle readers (KIP-227)',
    since: '1.1',
    isWanted: always,
    api: Fetch,
    version: 7,
    instead: 'upgrade the broker; all works, with more traffic',
  },
]

/** What works without, only worse. */
const niceToHave: ReadonlySet<number> = new Set([Metadata.key, Fetch.key])

/** Whether a broker is new enough for what the settings ask of it. */
export function checkVersions(apis: Apis, settings: Settings): Finding[] {
  const check = 'versions'
  const lacking = wants.filter(want => want.isWanted(settings) && !has(apis, want))
  const found = lacking.map(({ what, since, api, instead }) => {
    const words = `the broker is older than Kafka ${since}: it has not ${what}`
    return (niceToHave.has(api.key) ? warning : problem)(check, words, instead)
  })
  return found.length > 0 ? found : [fine(check, 'the broker has all that the settings ask for')]
}

function has(apis: Apis, { api, version }: Want): boolean {
  return (apis.get(api.key)?.max ?? -1) >= version
}

/** Whether the cluster has switched on what the settings ask for. */
export function checkFeatures(
  features: ReadonlyMap<string, number>,
  settings: Settings,
): Finding[] {
  if (settings.consumer.groupProtocol !== 'consumer') return []
  if ((features.get('group.version') ?? 0) >= 1) return []
  return [
    problem(
      'features',
      'group.protocol is consumer, but the cluster has not switched these groups on (group.version 0)',
      'kafka-features.sh upgrade --feature group.version=1 on the cluster, or set group.protocol to classic',
    ),
  ]
}
