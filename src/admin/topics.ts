import { inSlices, slices, sortedInSlices } from '../base/slices.ts'
import { ConfigError, TimeoutError } from '../errors.ts'
import {
  CreatePartitions,
  CreateTopics,
  DeleteTopics,
  Metadata,
  type ResponseOf,
} from '../protocol/index.ts'
import { ZERO_UUID } from '../wire/uuid.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import {
  failed,
  type ItemAnswer,
  type ItemResult,
  itemResult,
  mustBeList,
  settled,
} from './result.ts'

const LAST_BY_NAME = 5
const TOPIC_AUTHORIZATION_FAILED = 29

/** A topic by its name or, where another may have taken the name since, by its id. */
export type TopicRef = string | { readonly id: string }

/** A topic to be made; what is left out is the cluster's default. */
export interface NewTopic {
  readonly name: string
  readonly partitions?: number | undefined
  readonly replicationFactor?: number | undefined
  /**
   * The brokers of each partition, from partition 0 on, the preferred leader first; instead of
   * `partitions` and `replicationFactor`.
   */
  readonly assignments?: readonly (readonly number[])[] | undefined
  /** Topic settings under Kafka's names, such as `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>> | undefined
}

/** More partitions for a topic. */
export interface MorePartitions {
  readonly name: string
  /** How many partitions there shall be, those that are there included. */
  readonly count: number
  /** The brokers of each new partition, the preferred leader first; the cluster chooses if none. */
  readonly assignments?: readonly (readonly number[])[] | undefined
}

/** A topic that was made (or would be). Brokers of before Kafka 2.4 say -1 for the counts. */
export interface CreatedTopic {
  /** Its uuid; 22 letters A from a broker that knows no ids (before 2.8). */
  readonly id: string
  readonly partitions: number
  readonly replicationFactor: number
}

/** A topic as the cluster tells of it. */
export interface TopicDescription {
  readonly name: string
  /** Its uuid, in Kafka's spelling; 22 letters A from a broker that knows no ids (before 2.8). */
  readonly id: string
  /** Whether it belongs to Kafka itself, such as `__consumer_offsets`. */
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

/** A partition: who leads it, and who has copies. */
export interface PartitionDescription {
  readonly partition: number
  /** The id of the leading broker; -1 while there is none. */
  readonly leader: number
  /** Counts the leaders that it has had; -1 from a broker that does not say. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly inSyncReplicas: readonly number[]
  readonly offlineReplicas: readonly number[]
}

/** How topics are created. */
export interface CreateTopicsOptions extends CallOptions {
  /** Only say what would happen. Default: false. */
  readonly validateOnly?: boolean | undefined
  /** Wait until every broker knows the topics and all partitions are led. Default: true. */
  readonly waitForBrokers?: boolean | undefined
}

/** Topics: `admin.topics`. */
export class Topics {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * Makes topics, and waits until every broker knows them, so that whoever uses them next does not
   * meet one that has never heard of them. One result each, in order.
   *
   * @example
   * const [made] = await admin.topics.create([{ name: 'orders', partitions: 6 }])
   * if (made?.is === 'failed' && made.error.code !== 'TOPIC_ALREADY_EXISTS') throw made.error
   */
  async create(
    topics: readonly NewTopic[],
    options: CreateTopicsOptions = {},
  ): Promise<ItemResult<CreatedTopic>[]> {
    mustBeList('topics.create', topics, "[{ name: 'orders' }]")
    for (const topic of topics) {
      if (typeof topic?.name === 'string') continue
      throw new ConfigError("topics.create() needs the name of each topic: [{ name: 'orders' }]")
    }
    const { validateOnly = false, waitForBrokers = true } = options
    const errand = new Errand(this.#office, options)
    const request = { topics: topics.map(creation), timeoutMs: errand.brokerMs, validateOnly }
    const answer = await errand.controller(
      CreateTopics,
      request,
      codesOf(each => each.topics),
    )
    const byName = new Map(answer.topics.map(each => [each.name, each]))
    const results = topics.map(({ name }) => {
      const made = byName.get(name)
      const {
        topicId: id = '',
        numPartitions: partitions = -1,
        replicationFactor = -1,
      } = made ?? {}
      return itemResult(
        { name },
        made,
        { api: 'CreateTopics', topic: name },
        {
          id,
          partitions,
          replicationFactor,
        },
      )
    })
    return waitForBrokers && !validateOnly ? knownEverywhere(errand, results) : results
  }

  /**
   * Deletes topics and all that is in them. One result each, in order.
   *
   * @example
   * await admin.topics.delete(['orders', { id: 'tJ0LVVSnQfyEVtZvCR6Wew' }])
   */
  async delete(topics: readonly TopicRef[], options?: CallOptions): Promise<ItemResult<void>[]> {
    mustBeList('topics.delete', topics, "['orders']")
    const errand = new Errand(this.#office, options)
    const names = topics.filter(topic => typeof topic === 'string')
    const ids = topics.flatMap(topic => (typeof topic === 'string' ? [] : [topic.id]))
    const answers = [
      ...(names.length > 0 ? await deleteByName(errand, names) : []),
      ...(ids.length > 0 ? await deleteById(errand, ids) : []),
    ]
    return topics.map(topic => {
      const name = nameOf(topic)
      const answer = answers.find(each =>
        typeof topic === 'string' ? each.name === topic : each.topicId === topic.id,
      )
      return itemResult({ name }, answer, { api: 'DeleteTopics', topic: name }, undefined)
    })
  }

  /**
   * Gives topics more partitions. Keys move by that: a key's new records may lie in another
   * partition than its old ones. One result each, in order.
   *
   * @example
   * await admin.topics.createPartitions([{ name: 'orders', count: 12 }])
   */
  async createPartitions(
    topics: readonly MorePartitions[],
    options: CallOptions & { readonly validateOnly?: boolean | undefined } = {},
  ): Promise<ItemResult<void>[]> {
    mustBeList('topics.createPartitions', topics, "[{ name: 'orders', count: 6 }]")
    const errand = new Errand(this.#office, options)
    const request = {
      topics: topics.map(({ name, count, assignments }) => ({
        name,
        count,
        assignments: assignments?.map(brokerIds => ({ brokerIds })) ?? null,
      })),
      timeoutMs: errand.brokerMs,
      validateOnly: options.validateOnly ?? false,
    }
    const answer = await errand.controller(
      CreatePartitions,
      request,
      codesOf(each => each.results),
    )
    const byName = new Map(answer.results.map(each => [each.name, each]))
    return topics.map(({ name }) => {
      const at = { api: 'CreatePartitions', topic: name }
      return itemResult({ name }, byName.get(name), at, undefined)
    })
  }

  /**
   * All topics that this user may see, sorted by name; Kafka's own only when `internal` is set.
   *
   * @example
   * const names = (await admin.topics.list()).map(topic => topic.name)
   */
  async list(
    options: CallOptions & { readonly internal?: boolean | undefined } = {},
  ): Promise<TopicDescription[]> {
    const errand = new Errand(this.#office, options)
    const answer = await errand.any(Metadata, { topics: null, allowAutoTopicCreation: false })
    const { clock } = errand.cluster
    return inSlices(clock, listed(answer.topics, options.internal === true))
  }

  /**
   * Topics with their partitions, leaders and replicas; none is made by asking. One result each,
   * in order.
   *
   * @example
   * const [orders] = (await admin.topics.describe(['orders'])).map(orThrow)
   * console.log(orders.partitions.map(({ leader }) => leader))
   */
  async describe(
    topics: readonly TopicRef[],
    options?: CallOptions,
  ): Promise<ItemResult<TopicDescription>[]> {
    mustBeList('topics.describe', topics, "['orders']")
    const errand = new Errand(this.#office, options)
    const asked = topics.map(topic =>
      typeof topic === 'string' ? { name: topic } : { topicId: topic.id, name: null },
    )
    const answer = await errand.any(Metadata, { topics: asked, allowAutoTopicCreation: false })
    return topics.map(topic => {
      const found = answer.topics.find(each =>
        typeof topic === 'string' ? each.name === topic : each.topicId === topic.id,
      )
      const name = nameOf(topic)
      const value = found ? description(found) : nothing
      return itemResult({ name }, found, { api: 'Metadata', topic: name }, value)
    })
  }
}

/** The topics of an answer, sorted by name; there may be very many of them. */
function* listed(
  answers: readonly TopicAnswer[],
  internal: boolean,
): Generator<void, TopicDescription[]> {
  const topics: TopicDescription[] = []
  yield* slices(answers, some => {
    for (const topic of some) {
      if (topic.errorCode === 0 && (internal || !topic.isInternal)) topics.push(description(topic))
    }
  })
  return yield* sortedInSlices(topics, (a, b) => (a.name < b.name ? -1 : 1))
}

const nothing: TopicDescription = { name: '', id: '', internal: false, partitions: [] }

function nameOf(topic: TopicRef): string {
  return typeof topic === 'string' ? topic : topic.id
}

/** The error codes of an answer's items. */
function codesOf<A>(items: (answer: A) => readonly ItemAnswer[]) {
  return (answer: A) => items(answer).map(({ errorCode }) => errorCode)
}

function creation(topic: NewTopic) {
  const { name, partitions, replicationFactor, assignments, config = {} } = topic
  if (assignments && (partitions !== undefined || replicationFactor !== undefined)) {
    throw new ConfigError(
      `topic ${name}: assignments say how many partitions and replicas there are`,
      'leave out partitions and replicationFactor, or assignments',
    )
  }
  return {
    name,
    numPartitions: partitions ?? -1,
    replicationFactor: replicationFactor ?? -1,
    assignments: (assignments ?? []).map((brokerIds, partitionIndex) => ({
      partitionIndex,
      brokerIds,
    })),
    configs: Object.entries(config).map(([key, value]) => ({ name: key, value })),
  }
}

type Deletion = ResponseOf<typeof DeleteTopics>['responses'][number]

async function deleteByName(errand: Errand, topicNames: readonly string[]): Promise<Deletion[]> {
  const request = { topicNames, timeoutMs: errand.brokerMs }
  const codes = codesOf<ResponseOf<typeof DeleteTopics>>(each => each.responses)
  const limit = { maxVersion: LAST_BY_NAME }
  return (await errand.controller(DeleteTopics, request, codes, limit)).responses
}

async function deleteById(errand: Errand, ids: readonly string[]): Promise<Deletion[]> {
  const topics = ids.map(topicId => ({ topicId, name: null }))
  const request = { topics, timeoutMs: errand.brokerMs }
  const codes = codesOf<ResponseOf<typeof DeleteTopics>>(each => each.responses)
  return (await errand.controller(DeleteTopics, request, codes)).responses
}

type TopicAnswer = ResponseOf<typeof Metadata>['topics'][number]

function description(topic: TopicAnswer): TopicDescription {
  const partitions = topic.partitions.map(each => ({
    partition: each.partitionIndex,
    leader: each.leaderId,
    leaderEpoch: each.leaderEpoch,
    replicas: each.replicaNodes,
    inSyncReplicas: each.isrNodes,
    offlineReplicas: each.offlineReplicas,
  }))
  partitions.sort((a, b) => a.partition - b.partition)
  return { name: topic.name ?? '', id: topic.topicId, internal: topic.isInternal, partitions }
}

/**
 * The controller has made the topics; the other brokers learn of that in their own time. A broker
 * that can't be asked is not waited for: it will have learnt when it serves again.
 */
async function knownEverywhere(
  errand: Errand,
  results: readonly ItemResult<CreatedTopic>[],
): Promise<ItemResult<CreatedTopic>[]> {
  const made = new Map(
    results.flatMap(each => (each.is === 'done' ? [[each.name, each.value.id] as const] : [])),
  )
  if (made.size === 0) return [...results]
  // What was made was made: a list of brokers that can't be had is no failure of it.
  const asked = await settled({}, errand.brokerIds())
  const brokers = asked.is === 'done' ? asked.value : []
  const late = new Map<string, number>()
  await Promise.all(
    brokers.map(async broker => {
      for (const name of await unknownTo(errand, broker, made)) late.set(name, broker)
    }),
  )
  return results.map(result => {
    const broker = late.get(result.name)
    if (broker === undefined) return result
    const message = `topic ${result.name} was made, but broker ${broker} does not know it yet`
    const { name } = result
    return failed({ name }, new TimeoutError({ code: 'REQUEST_TIMED_OUT', message }))
  })
}

/**
 * Asks one broker until it knows the topics by name and id, since it may still know an earlier one
 * of that name; gives those that it does not know in time.
 */
async function unknownTo(
  errand: Errand,
  broker: number,
  made: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const names = [...made.keys()]
  const topics = names.map(name => ({ name }))
  for (let attempt = 1; ; attempt++) {
    const request = { topics, allowAutoTopicCreation: false }
    const answer = await errand.once(broker, Metadata, request).catch(() => undefined)
    if (!answer) return []
    const isNew = ({ name, topicId }: TopicAnswer) => isSameId(made.get(name ?? ''), topicId)
    const led = answer.topics.filter(each => isLed(each) && isNew(each))
    const known = new Set(led.map(({ name }) => name))
    const unknown = names.filter(name => !known.has(name))
    if (unknown.length === 0 || !(await errand.rest(attempt))) return unknown
  }
}

/** A broker that knows no ids, or tells none with an error, can't be asked for more than a name. */
function isSameId(made: string | undefined, told: string): boolean {
  return made === told || made === ZERO_UUID || told === ZERO_UUID
}

/** A topic that this user may make but not describe can't be waited for. */
function isLed({ errorCode, partitions }: TopicAnswer): boolean {
  if (errorCode === TOPIC_AUTHORIZATION_FAILED) return true
  return errorCode === 0 && partitions.every(({ leaderId }) => leaderId >= 0)
}
