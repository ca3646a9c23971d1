import {
  ApiVersions,
  DescribeCluster,
  DescribeQuorum,
  type ResponseOf,
  UnregisterBroker,
  UpdateFeatures,
} from '../protocol/index.ts'
import { version } from '../version.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type ItemResult, itemError, itemResult } from './result.ts'

/** A broker of the cluster. */
export interface BrokerDescription {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** A cluster as its brokers describe it. */
export interface ClusterDescription {
  readonly clusterId: string
  /** The id of the controller; with KRaft, of some broker, which passes requests on to it. */
  readonly controllerId: number
  /** Those that are alive, in the order of their ids. */
  readonly brokers: readonly BrokerDescription[]
}

/** A feature of the cluster (KIP-584), such as `metadata.version`. */
export interface FeatureDescription {
  readonly name: string
  /** The level that the cluster has agreed on; undefined where it has agreed on none. */
  readonly level: number | undefined
  /** The levels that the broker which was asked supports. */
  readonly supported: { readonly min: number; readonly max: number } | undefined
}

/** A change of a feature's level. */
export interface FeatureUpdate {
  readonly name: string
  /** The new level; 0 switches the feature off. */
  readonly level: number
  /** `unsafe-downgrade` may lose metadata. Default: `upgrade`. */
  readonly type?: 'upgrade' | 'safe-downgrade' | 'unsafe-downgrade' | undefined
}

/** A controller or broker that follows the metadata log. */
export interface QuorumReplica {
  readonly id: number
  /** Its log folder's uuid; 22 letters A from a cluster whose voters are fixed. */
  readonly directoryId: string
  readonly logEndOffset: number
  /** In ms since 1970; undefined where the leader does not say. */
  readonly lastFetchAt: number | undefined
  readonly lastCaughtUpAt: number | undefined
}

/** The quorum that keeps the cluster's metadata (KRaft, KIP-595). */
export interface QuorumDescription {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
}

const upgradeTypes = { upgrade: 1, 'safe-downgrade': 2, 'unsafe-downgrade': 3 } as const
const METADATA_TOPIC = '__cluster_metadata'

/** The cluster as a whole: `admin.cluster`. */
export class ClusterInfo {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The cluster's id, its controller and its brokers.
   *
   * @example
   * const { brokers } = await admin.cluster.describe()
   */
  async describe(options?: CallOptions): Promise<ClusterDescription> {
    const errand = new Errand(this.#office, options)
    const request = { includeClusterAuthorizedOperations: false }
    const { clusterId, controllerId, brokers } = await errand.any(DescribeCluster, request)
    return {
      clusterId,
      controllerId,
      brokers: brokers
        .map(({ brokerId: id, host, port, rack }) => ({ id, host, port, rack }))
        .sort((a, b) => a.id - b.id),
    }
  }

  /**
   * The features of the cluster with their levels, sorted by name.
   *
   * @example
   * const { level } = (await admin.cluster.features()).find(each => each.name === 'group.version')
   */
  async features(options?: CallOptions): Promise<FeatureDescription[]> {
    const errand = new Errand(this.#office, options)
    const answer = await errand.any(ApiVersions, {
      clientSoftwareName: 'posthaste',
      clientSoftwareVersion: version,
    })
    const levels = new Map(answer.finalizedFeatures.map(each => [each.name, each.maxVersionLevel]))
    const ranges = new Map(
      answer.supportedFeatures.map(({ name, minVersion: min, maxVersion: max }) => [
        name,
        { min, max },
      ]),
    )
    return [...new Set([...levels.keys(), ...ranges.keys()])]
      .sort()
      .map(name => ({ name, level: levels.get(name), supported: ranges.get(name) }))
  }

  /**
   * Changes feature levels, all or none (brokers of before Kafka 4.0: each alone). One result each,
   * in order; rejects where the whole is refused.
   *
   * @example
   * await admin.cluster.updateFeatures([{ name: 'transaction.version', level: 2 }])
   */
  async updateFeatures(
    updates: readonly FeatureUpdate[],
    options: CallOptions & { readonly validateOnly?: boolean | undefined } = {},
  ): Promise<ItemResult<void>[]> {
    const errand = new Errand(this.#office, options)
    const request = {
      timeoutMs: errand.brokerMs,
      featureUpdates: updates.map(({ name, level, type = 'upgrade' }) => ({
        feature: name,
        maxVersionLevel: level,
        upgradeType: upgradeTypes[type],
      })),
      validateOnly: options.validateOnly ?? false,
    }
    const { results } = await errand.controller(UpdateFeatures, request, answer =>
      answer.results.map(({ errorCode }) => errorCode),
    )
    const fine = { errorCode: 0 }
    return updates.map(({ name }) => {
      const own = results.length === 0 ? fine : results.find(({ feature }) => feature === name)
      return itemResult({ name }, own, { api: UpdateFeatures.name }, undefined)
    })
  }

  /**
   * The quorum that keeps the metadata: its leader, its voters, and who follows how closely.
   *
   * @example
   * const { leaderId, voters } = await admin.cluster.quorum()
   */
  async quorum(options?: CallOptions): Promise<QuorumDescription> {
    const errand = new Errand(this.#office, options)
    const topics = [{ topicName: METADATA_TOPIC, partitions: [{ partitionIndex: 0 }] }]
    const answer = await errand.any(DescribeQuorum, { topics })
    const partition = answer.topics[0]?.partitions[0]
    if (partition?.errorCode !== 0) throw itemError(partition, { api: DescribeQuorum.name })
    const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = partition
    return {
      leaderId,
      leaderEpoch,
      highWatermark,
      voters: currentVoters.map(readReplica),
      observers: observers.map(readReplica),
    }
  }

  /**
   * Forgets a broker that is gone for good (KRaft). One that is alive comes back by itself.
   *
   * @example
   * await admin.cluster.unregisterBroker(3)
   */
  async unregisterBroker(id: number, options?: CallOptions): Promise<void> {
    const errand = new Errand(this.#office, options)
    await errand.controller(UnregisterBroker, { brokerId: id }, () => [])
  }
}

type Voter = ResponseOf<
  typeof DescribeQuorum
>['topics'][number]['partitions'][number]['currentVoters'][number]

function readReplica(replica: Voter): QuorumReplica {
  const { lastFetchTimestamp, lastCaughtUpTimestamp } = replica
  return {
    id: replica.replicaId,
    directoryId: replica.replicaDirectoryId,
    logEndOffset: replica.logEndOffset,
    lastFetchAt: lastFetchTimestamp < 0 ? undefined : lastFetchTimestamp,
    lastCaughtUpAt: lastCaughtUpTimestamp < 0 ? undefined : lastCaughtUpTimestamp,
  }
}
