import { backoffMs } from '../base/backoff.ts'
import { sleep } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { BrokerError, type KafkaError } from '../errors.ts'
import { errorByCode } from '../protocol/errors.ts'
import { ListOffsets } from '../protocol/index.ts'
import { asKafkaError } from './as-kafka-error.ts'
import { isolationLevels } from './fetch-request.ts'
import type { ConsumerConfig } from './options.ts'
import type { TopicPartition } from './partition.ts'
import { type StartAt, timestampOf } from './start.ts'

export interface OffsetQuery extends TopicPartition {
  readonly at: Exclude<StartAt, number>
}

/** An offset, or why there is none. */
export type OffsetFound = { readonly offset: number } | { readonly error: KafkaError }

/** What one try found of a partition: an offset, or what stands in the way and whether to go on. */
type Outcome =
  | { readonly offset: number }
  | { readonly problem: KafkaError; readonly again: boolean }

/**
 * Asks the leaders for offsets by time, earliest and latest: one request to each leader for all its
 * partitions, again for those that failed where that can help, until the deadline. One result for
 * each query, in order; it never rejects. A time later than every record is the end of the log.
 */
export async function listOffsets(
  cluster: Cluster,
  config: ConsumerConfig,
  queries: readonly OffsetQuery[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<OffsetFound[]> {
  const deadline = cluster.clock.now() + timeoutMs
  const found: OffsetFound[] = new Array(queries.length)
  let open = queries.map((query, at) => ({ query, at }))
  for (let attempt = 1; open.length > 0; attempt++) {
    const outcomes = await askOnce(
      cluster,
      config,
      open.map(({ query }) => query),
    )
    const again: typeof open = []
    const rest = restMs(cluster, config, attempt)
    const isLast = signal?.aborted || cluster.clock.now() + rest >= deadline
    for (const [i, outcome] of outcomes.entries()) {
      const each = open[i]!
      if ('offset' in outcome) found[each.at] = outcome
      else if (outcome.again && !isLast) again.push(each)
      else found[each.at] = { error: outcome.problem }
    }
    open = again
    if (open.length > 0) await sleep(cluster.clock, rest, signal)
  }
  return withEnds(cluster, config, queries, found, Math.max(1, deadline - cluster.clock.now()))
}

const NO_SUCH_TIME = -1

/** Where a time is later than every record, the end of the log. */
async function withEnds(
  cluster: Cluster,
  config: ConsumerConfig,
  queries: readonly OffsetQuery[],
  found: OffsetFound[],
  timeoutMs: number,
): Promise<OffsetFound[]> {
  const late = found.flatMap((each, at) =>
    'offset' in each && each.offset === NO_SUCH_TIME ? [at] : [],
  )
  if (late.length === 0) return found
  const ends = late.map(at => ({ ...queries[at]!, at: 'latest' as const }))
  const answers = await listOffsets(cluster, config, ends, timeoutMs)
  for (const [i, at] of late.entries()) found[at] = answers[i]!
  return found
}

function restMs(cluster: Cluster, config: ConsumerConfig, attempt: number): number {
  const { retryBackoffMs: initialMs, retryBackoffMaxMs: maxMs } = config
  return backoffMs({ initialMs, maxMs }, attempt, cluster.random)
}

async function askOnce(
  cluster: Cluster,
  config: ConsumerConfig,
  queries: readonly OffsetQuery[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(queries.length)
  const byLeader = new Map<number, number[]>()
  await learnTopics(cluster, queries)
  for (const [at, { topic, partition }] of queries.entries()) {
    const leader = cluster.view.partition(topic, partition)?.leader
    if (leader !== undefined && leader >= 0) {
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), at])
    } else {
      outcomes[at] = { problem: whyNoLeader(cluster, topic, partition), again: true }
    }
  }
  await Promise.all(
    [...byLeader].map(async ([leader, places]) => {
      const answers = await askLeader(
        cluster,
        config,
        leader,
        places.map(at => queries[at]!),
      )
      for (const [i, at] of places.entries()) outcomes[at] = answers[i]!
    }),
  )
  return outcomes
}

/** One ask for all topics that are not known, or have no leader somewhere. */
async function learnTopics(cluster: Cluster, queries: readonly OffsetQuery[]): Promise<void> {
  let isWhole = true
  for (const { topic, partition } of queries) {
    cluster.use(topic)
    if ((cluster.view.partition(topic, partition)?.leader ?? -1) < 0) isWhole = false
  }
  if (!isWhole) await cluster.refresh().catch(() => {})
}

function whyNoLeader(cluster: Cluster, topic: string, partition: number): KafkaError {
  const info = cluster.view.topics.get(topic)
  if (!info) return asKafkaError(cluster.whyUnknown(topic), 'UNKNOWN_TOPIC_OR_PARTITION')
  if (info.partitions[partition]) return new BrokerError(5, { topic, partition })
  return noSuchPartition(topic, partition, info.partitions.length)
}

export function noSuchPartition(topic: string, partition: number, count: number): BrokerError {
  const there = count === 1 ? 'one partition, 0' : `${count} partitions, 0 to ${count - 1}`
  return new BrokerError(3, { topic, partition }, null, `${topic} has ${there}`)
}

async function askLeader(
  cluster: Cluster,
  config: ConsumerConfig,
  leader: number,
  queries: readonly OffsetQuery[],
): Promise<Outcome[]> {
  try {
    const connection = await cluster.brokers.connect(leader)
    const answer = await connection.send(ListOffsets, {
      replicaId: -1,
      isolationLevel: isolationLevels[config.isolationLevel],
      topics: [...byTopic(cluster, queries)].map(([name, partitions]) => ({ name, partitions })),
      timeoutMs: config.requestTimeoutMs,
    })
    return queries.map(query => outcomeOf(cluster, query, answer.topics))
  } catch (thrown) {
    cluster.refreshSoon()
    const problem = asKafkaError(thrown, 'OFFSETS_UNKNOWN')
    return queries.map(() => ({ problem, again: problem.retriable }))
  }
}

interface PartitionQuery {
  readonly partitionIndex: number
  readonly currentLeaderEpoch: number
  readonly timestamp: number
}

function byTopic(cluster: Cluster, queries: readonly OffsetQuery[]): Map<string, PartitionQuery[]> {
  const topics = new Map<string, PartitionQuery[]>()
  for (const { topic, partition, at } of queries) {
    const currentLeaderEpoch = cluster.view.partition(topic, partition)?.leaderEpoch ?? -1
    const query = { partitionIndex: partition, currentLeaderEpoch, timestamp: timestampOf(at) }
    const known = topics.get(topic)
    if (known) known.push(query)
    else topics.set(topic, [query])
  }
  return topics
}

interface TopicAnswer {
  readonly name: string
  readonly partitions: readonly {
    readonly partitionIndex: number
    readonly errorCode: number
    readonly offset: number
  }[]
}

function outcomeOf(
  cluster: Cluster,
  { topic, partition }: OffsetQuery,
  topics: readonly TopicAnswer[],
): Outcome {
  for (const { name, partitions } of topics) {
    const found = name === topic && partitions.find(each => each.partitionIndex === partition)
    if (!found) continue
    if (found.errorCode === 0) return { offset: found.offset }
    const { retriable, refreshesMetadata } = errorByCode(found.errorCode)
    if (refreshesMetadata) cluster.refreshSoon()
    const problem = new BrokerError(found.errorCode, { api: 'ListOffsets', topic, partition })
    return { problem, again: retriable }
  }
  return { problem: new BrokerError(-1, { api: 'ListOffsets', topic, partition }), again: true }
}
