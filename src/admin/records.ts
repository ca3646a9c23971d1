import { DeleteRecords, ListOffsets } from '../protocol/index.ts'
import { atLeaders, byTopic, type LeaderAnswer } from './at-leaders.ts'
import { type CallOptions, Errand, type Office } from './errand.ts'
import { type ItemResult, mustBeOffset, type TopicPartition } from './result.ts'

const timestamps = { latest: -1, earliest: -2, 'max-timestamp': -3 } as const

/**
 * Which offset is meant: of the first record, of the next one to come, of the record with the
 * highest timestamp (KIP-734, Kafka 3.0), or of the first record at or after a time (ms since
 * 1970).
 */
export type OffsetSpec = keyof typeof timestamps | { readonly timestamp: number }

/** Which offset of a partition is asked for. */
export interface OffsetQuestion extends TopicPartition {
  readonly at: OffsetSpec
}

/** An offset in a log. */
export interface FoundOffset {
  /** -1 where no record is as late as the time that was asked for, or there is none at all. */
  readonly offset: number
  /** The record's timestamp; -1 for `earliest` and `latest`. */
  readonly timestamp: number
  /** The leader epoch of the record; -1 where it is not known. */
  readonly leaderEpoch: number
}

export interface ListOffsetsOptions extends CallOptions {
  /** `read_committed` ends before the first open transaction. Default: `read_uncommitted`. */
  readonly isolation?: 'read_uncommitted' | 'read_committed' | undefined
}

/** Where to delete: the records before `offset`; `end` means all that are there. */
export interface RecordsBefore extends TopicPartition {
  readonly offset: number | 'end'
}

/** What lies in the logs: `admin.records`. */
export class Records {
  readonly #office: Office

  constructor(office: Office) {
    this.#office = office
  }

  /**
   * Offsets of partitions: the earliest, the latest, by time. One result each, in order.
   *
   * @example
   * const [end] = (await admin.records.offsets([
   *   { topic: 'orders', partition: 0, at: 'latest' },
   * ])).map(orThrow)
   */
  offsets(
    questions: readonly OffsetQuestion[],
    options?: ListOffsetsOptions,
  ): Promise<ItemResult<FoundOffset, TopicPartition>[]> {
    return offsetsAt(new Errand(this.#office, options), questions, options?.isolation)
  }

  /**
   * Deletes the records of partitions before an offset, for good. One result each, in order: the
   * value is the first offset that is left.
   *
   * @example
   * await admin.records.delete([{ topic: 'orders', partition: 0, offset: 1000 }])
   */
  async delete(
    places: readonly RecordsBefore[],
    options?: CallOptions,
  ): Promise<ItemResult<number, TopicPartition>[]> {
    for (const { topic, partition, offset } of places) {
      if (offset !== 'end') mustBeOffset(offset, topic, partition)
    }
    const errand = new Errand(this.#office, options)
    return atLeaders(errand, places, {
      api: DeleteRecords.name,
      ask: (leader, own) => deleteAt(errand, leader, own),
    })
  }
}

async function deleteAt(
  errand: Errand,
  leader: number,
  places: readonly RecordsBefore[],
): Promise<(LeaderAnswer<number> | undefined)[]> {
  const topics = [...byTopic(places)].map(([name, slots]) => ({
    name,
    partitions: slots.map(({ partition, offset }) => ({
      partitionIndex: partition,
      offset: offset === 'end' ? -1 : offset,
    })),
  }))
  const request = { topics, timeoutMs: errand.brokerMs }
  const answer = await errand.once(leader, DeleteRecords, request)
  return places.map(place => {
    const found = inTopics(answer.topics, place)
    return found && { errorCode: found.errorCode, value: found.lowWatermark }
  })
}

/** Offsets of partitions, asked of their leaders. */
export async function offsetsAt(
  errand: Errand,
  questions: readonly OffsetQuestion[],
  isolation: ListOffsetsOptions['isolation'] = 'read_uncommitted',
): Promise<ItemResult<FoundOffset, TopicPartition>[]> {
  const isolationLevel = isolation === 'read_committed' ? 1 : 0
  const ask = async (leader: number, own: readonly OffsetQuestion[]) => {
    const topics = [...byTopic(own)].map(([name, slots]) => ({
      name,
      partitions: slots.map(({ partition, at }) => ({
        partitionIndex: partition,
        timestamp: typeof at === 'string' ? timestamps[at] : at.timestamp,
      })),
    }))
    const request = { replicaId: -1, isolationLevel, topics, timeoutMs: errand.brokerMs }
    const answer = await errand.once(leader, ListOffsets, request)
    return own.map(slot => {
      const found = inTopics(answer.topics, slot)
      if (!found) return undefined
      const { errorCode, offset, timestamp, leaderEpoch } = found
      return { errorCode, value: { offset, timestamp, leaderEpoch } }
    })
  }
  const results: ItemResult<FoundOffset, TopicPartition>[] = new Array(questions.length)
  const rounds = roundsOf(questions).map(async places => {
    const own = places.map(place => questions[place]!)
    const found = await atLeaders(errand, own, { api: ListOffsets.name, ask })
    for (const [i, place] of places.entries()) results[place] = found[i]!
  })
  await Promise.all(rounds)
  return results
}

/** A request may name a partition once: what asks for it again goes into another one. */
function roundsOf(questions: readonly OffsetQuestion[]): number[][] {
  const rounds: number[][] = []
  const seen = new Map<string, number>()
  for (const [place, { topic, partition }] of questions.entries()) {
    const slot = `${topic}-${partition}`
    const round = seen.get(slot) ?? 0
    seen.set(slot, round + 1)
    rounds[round] = [...(rounds[round] ?? []), place]
  }
  return rounds
}

function inTopics<P extends { readonly partitionIndex: number }>(
  topics: readonly { readonly name: string; readonly partitions: readonly P[] }[],
  { topic, partition }: TopicPartition,
): P | undefined {
  return topics
    .find(({ name }) => name === topic)
    ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
}
