import { DeleteGroups, ListGroups } from '../protocol/index.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type BrokerFailure, gather } from './gather.ts'
import { describeGroup, type GroupDescription } from './group-description.ts'
import { alterOffsets, deleteOffsets, listOffsetsOf } from './group-offsets.ts'
import { type GroupLag, lagOf } from './lag.ts'
import { type ItemResult, mustBeList, settled, type TopicPartition } from './result.ts'

/** The states of groups, in Kafka's words. */
export type GroupState =
  | 'Stable'
  | 'Empty'
  | 'Dead'
  | 'PreparingRebalance'
  | 'CompletingRebalance'
  | 'Assigning'
  | 'Reconciling'
  | 'Unknown'

/** The kinds of groups: `consumer` is that of KIP-848. */
export type GroupType = 'classic' | 'consumer' | 'share' | 'streams'

/** A group as a list has it. */
export interface GroupListing {
  readonly name: string
  /** Undefined from brokers of before Kafka 3.8, which do not say. */
  readonly type: GroupType | undefined
  /** Undefined from brokers of before Kafka 2.6, which do not say. */
  readonly state: GroupState | undefined
  /** `consumer` for consumers; '' for a group that only keeps offsets. */
  readonly protocolType: string
}

/** The groups of a cluster, as far as its brokers could be asked. */
export interface GroupList {
  /** Sorted by name. */
  readonly groups: readonly GroupListing[]
  /** Brokers that could not be asked: the groups that they coordinate are missing. */
  readonly failures: readonly BrokerFailure[]
}

/** Which groups are listed. Default: all. */
export interface ListGroupsOptions extends CallOptions {
  /** Only groups in one of these states. */
  readonly states?: readonly GroupState[] | undefined
  /** Only groups of one of these types. */
  readonly types?: readonly GroupType[] | undefined
}

/** An offset for a group to go on from. */
export interface GroupOffset extends TopicPartition {
  readonly offset: number
  /** The leader epoch of the record before it, where known (KIP-320). */
  readonly leaderEpoch?: number | undefined
  readonly metadata?: string | undefined
}

/** Groups, their members, offsets and lag: `admin.groups`. */
export class Groups {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * The groups of the cluster: every broker tells of those that it coordinates.
   *
   * @example
   * const { groups, failures } = await admin.groups.list({ states: ['Empty'] })
   */
  async list(options: ListGroupsOptions = {}): Promise<GroupList> {
    const { states = [], types = [] } = options
    const errand = new Errand(this.#office, options)
    const { found, failures } = await gather(errand, async broker => {
      // What a broker does not know to sort out for us, we sort out ourselves.
      const request = { statesFilter: states, typesFilter: types }
      const limit = await filterLimit(errand, broker)
      const asked = limit.knowsBoth ? request : limit.knowsStates ? { statesFilter: states } : {}
      return (await errand.broker(broker, ListGroups, asked)).groups
    })
    const groups = found
      .map(({ groupId: name, protocolType, groupState, groupType }) => ({
        name,
        type: (groupType.toLowerCase() || undefined) as GroupType | undefined,
        state: (groupState || undefined) as GroupState | undefined,
        protocolType,
      }))
      .filter(({ state }) => states.length === 0 || !state || states.includes(state))
      .filter(({ type }) => types.length === 0 || !type || types.includes(type))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return { groups, failures }
  }

  /**
   * Groups with their members and what each is assigned, of both protocols. One result each, in
   * order; a group that is not there fails with GROUP_ID_NOT_FOUND.
   *
   * @example
   * const [sales] = (await admin.groups.describe(['sales'])).map(orThrow)
   * if (sales.type === 'consumer') console.log(sales.groupEpoch)
   */
  async describe(
    names: readonly string[],
    options?: CallOptions,
  ): Promise<ItemResult<GroupDescription>[]> {
    mustBeList('groups.describe', names, "['sales']")
    const errand = new Errand(this.#office, options)
    return Promise.all(names.map(name => settled({ name }, describeGroup(errand, name))))
  }

  /**
   * Deletes groups that have no members, with their offsets. One result each, in order; a group
   * with members fails with NON_EMPTY_GROUP.
   *
   * @example
   * const results = await admin.groups.delete(['yesterday'])
   */
  async delete(names: readonly string[], options?: CallOptions): Promise<ItemResult<void>[]> {
    mustBeList('groups.delete', names, "['sales']")
    const errand = new Errand(this.#office, options)
    return Promise.all(
      names.map(name => {
        const request = { groupsNames: [name] }
        const deletion = errand.coordinator(
          'group',
          name,
          DeleteGroups,
          request,
          answer => answer.results[0],
        )
        return settled(
          { name },
          deletion.then(() => undefined),
        )
      }),
    )
  }

  /**
   * The offsets that a group has committed: of the partitions that are named, or all. Partitions
   * without one are left out. Rejects when the group can't be asked.
   *
   * @example
   * for (const { topic, partition, offset } of await admin.groups.offsets('sales')) …
   */
  offsets(
    name: string,
    options: CallOptions & { readonly partitions?: readonly TopicPartition[] | undefined } = {},
  ): Promise<Required<GroupOffset>[]> {
    return listOffsetsOf(new Errand(this.#office, options), name, options.partitions)
  }

  /**
   * Makes a group go on from other offsets. It must have no members in it that could commit
   * themselves: else each fails with UNKNOWN_MEMBER_ID. A group that is not there is made. One
   * result each, in order.
   *
   * @example
   * await admin.groups.alterOffsets('sales', [{ topic: 'orders', partition: 0, offset: 17 }])
   */
  alterOffsets(
    name: string,
    offsets: readonly GroupOffset[],
    options?: CallOptions,
  ): Promise<ItemResult<void, TopicPartition>[]> {
    return alterOffsets(new Errand(this.#office, options), name, offsets)
  }

  /**
   * Forgets offsets of a group, for topics that it does not subscribe to now. One result each, in
   * order.
   *
   * @example
   * await admin.groups.deleteOffsets('sales', [{ topic: 'orders', partition: 0 }])
   */
  deleteOffsets(
    name: string,
    partitions: readonly TopicPartition[],
    options?: CallOptions,
  ): Promise<ItemResult<void, TopicPartition>[]> {
    return deleteOffsets(new Errand(this.#office, options), name, partitions)
  }

  /**
   * How far a group is behind the end of each partition that it has committed offsets for or is
   * assigned, and which member has it. `total` leaves out what is not known.
   *
   * @example
   * const { total, partitions } = await admin.groups.lag('sales')
   */
  lag(name: string, options?: CallOptions): Promise<GroupLag> {
    return lagOf(new Errand(this.#office, options), name)
  }
}

const BY_STATE = 4
const BY_TYPE = 5

/** Which filters a broker knows. */
async function filterLimit(errand: Errand, broker: number) {
  const connection = await errand.cluster.brokers.connect(broker)
  const version = connection.versionOf(ListGroups) ?? 0
  return { knowsStates: version >= BY_STATE, knowsBoth: version >= BY_TYPE }
}
