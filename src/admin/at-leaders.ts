import { groupBy } from '../base/group-by.ts'
import { asError, BrokerError, type ErrorPlace, KafkaError } from '../errors.ts'
import type { Errand } from './errand.ts'
import type { TopicPartition } from './result.ts'
import { done, failed, type ItemAnswer, type ItemResult, itemError } from './result.ts'

const UNKNOWN_TOPIC_OR_PARTITION = 3
const LEADER_NOT_AVAILABLE = 5

/** What a leader said of a partition, and what is made of it. */
export type LeaderAnswer<T> = ItemAnswer & { readonly value: T }

/** How leaders are asked. */
export interface LeaderQuestion<S extends TopicPartition, T> {
  /** Kafka's name of the API, for errors. */
  readonly api: string
  /** Asks one leader about its partitions; gives each its answer, in order. */
  ask(leader: number, slots: readonly S[]): Promise<readonly (LeaderAnswer<T> | undefined)[]>
}

type Outcome<T> = { readonly value: T } | { readonly error: KafkaError; readonly again: boolean }

/**
 * Asks the leaders of partitions, each once for all of its own, and again for those whose leader
 * has moved until the deadline. One result each, in order. A topic or partition that is not there
 * fails at once.
 */
export async function atLeaders<S extends TopicPartition, T>(
  errand: Errand,
  slots: readonly S[],
  question: LeaderQuestion<S, T>,
): Promise<ItemResult<T, TopicPartition>[]> {
  const results = new Map<S, ItemResult<T, TopicPartition>>()
  let open = slots
  for (let attempt = 1; open.length > 0; attempt++) {
    const outcomes = await askOnce(errand, open, question)
    const stuck: S[] = []
    for (const slot of open) {
      const { topic, partition } = slot
      const outcome = outcomes.get(slot) ?? silence(question.api, slot)
      const item = { topic, partition }
      if ('value' in outcome) results.set(slot, done(item, outcome.value))
      else results.set(slot, failed(item, outcome.error))
      if ('error' in outcome && outcome.again) stuck.push(slot)
    }
    open = stuck.length > 0 && (await errand.rest(attempt)) ? stuck : []
  }
  return slots.flatMap(slot => results.get(slot) ?? [])
}

/** The partitions of `slots` as requests name them: gathered by topic. */
export function byTopic<S extends TopicPartition>(slots: readonly S[]): Map<string, S[]> {
  return groupBy(slots, ({ topic }) => topic)
}

async function askOnce<S extends TopicPartition, T>(
  errand: Errand,
  slots: readonly S[],
  question: LeaderQuestion<S, T>,
): Promise<Map<S, Outcome<T>>> {
  const outcomes = new Map<S, Outcome<T>>()
  const byLeader = new Map<number, S[]>()
  const leaders = await leadersOf(errand, slots)
  for (const [i, leader] of leaders.entries()) {
    const slot = slots[i]!
    if (typeof leader !== 'number') outcomes.set(slot, leader)
    else byLeader.set(leader, [...(byLeader.get(leader) ?? []), slot])
  }
  await Promise.all(
    [...byLeader].map(async ([leader, own]) => {
      const answers = await askLeader(leader, own, question)
      for (const [i, slot] of own.entries()) outcomes.set(slot, answers[i]!)
    }),
  )
  return outcomes
}

async function askLeader<S extends TopicPartition, T>(
  leader: number,
  slots: readonly S[],
  { api, ask }: LeaderQuestion<S, T>,
): Promise<Outcome<T>[]> {
  try {
    const answers = await ask(leader, slots)
    return slots.map((slot, i) => {
      const answer = answers[i]
      if (answer?.errorCode === 0) return { value: answer.value }
      const error = itemError(answer, placeOf(api, slot))
      return { error, again: error.retriable }
    })
  } catch (thrown) {
    const error = asError(thrown)
    if (!(error instanceof KafkaError)) throw error
    return slots.map(() => ({ error, again: error.retriable }))
  }
}

/** The leader of each partition, or why there is none. */
async function leadersOf(
  errand: Errand,
  slots: readonly TopicPartition[],
): Promise<(number | { error: KafkaError; again: boolean })[]> {
  const names = [...byTopic(slots).keys()]
  const { topics } = await errand.metadata(names.map(name => ({ name })))
  const byName = new Map(topics.map(topic => [topic.name, topic]))
  return slots.map(({ topic, partition }) => {
    const answer = byName.get(topic)
    const at = { api: 'Metadata', topic }
    if (answer?.errorCode !== 0) {
      const error = itemError(answer, at)
      return { error, again: error.retriable && error.errorCode !== UNKNOWN_TOPIC_OR_PARTITION }
    }
    const found = answer.partitions.find(each => each.partitionIndex === partition)
    const count = answer.partitions.length
    if (!found) return { error: noSuchPartition(topic, partition, count), again: false }
    if (found.leaderId >= 0) return found.leaderId
    return { error: new BrokerError(LEADER_NOT_AVAILABLE, { topic, partition }), again: true }
  })
}

function noSuchPartition(topic: string, partition: number, count: number): BrokerError {
  const there = count === 1 ? 'one partition, 0' : `${count} partitions, 0 to ${count - 1}`
  const at = { topic, partition }
  return new BrokerError(UNKNOWN_TOPIC_OR_PARTITION, at, null, `${topic} has ${there}`)
}

function placeOf(api: string, { topic, partition }: TopicPartition): ErrorPlace {
  return { api, topic, partition }
}

function silence(api: string, slot: TopicPartition): { error: KafkaError; again: false } {
  return { error: itemError(undefined, placeOf(api, slot)), again: false }
}
