import type { Fetch, FetchRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'

/** What a fetch wants of one partition. */
export type Wanted = FetchRequest['topics'][number]['partitions'][number]
export type PartitionAnswer = ResponseInput<typeof Fetch>['responses'][number]['partitions'][number]

/** One partition of a fetch. Topics go by name, from version 13 on by id; the other is blank. */
export interface Asked {
  readonly topic: string
  readonly topicId: string
  readonly wanted: Wanted
}

/** What came of it. */
export interface Answered {
  readonly asked: Asked
  readonly answer: PartitionAnswer
}

/** What the client was told last of a partition. */
interface Told {
  readonly highWatermark: number
  readonly logStartOffset: number
}

interface Entry {
  asked: Asked
  told: Told
}

/** So that the next answer differs from it, whatever it says. */
const NOTHING_TOLD: Told = { highWatermark: -1, logStartOffset: -1 }
const LARGEST_EPOCH = 2 ** 31 - 1

/** The epoch of the next request: after the largest comes 1, since 0 and -1 mean something else. */
export function epochAfter(epoch: number): number {
  return epoch === LARGEST_EPOCH ? 1 : epoch + 1
}

/** What one client fetches, remembered so that its requests need only name what changed. */
export class FetchSession {
  readonly id: number
  /** Whether it began with topic ids; it can't go over from the one to the other. */
  readonly usesTopicIds: boolean
  readonly createdMs: number
  lastUsedMs: number
  /** The epoch that its next request must have. */
  epoch = 1
  /** Those that waited longest come first: what gave records goes to the end. */
  readonly #entries = new Map<string, Entry>()

  constructor(id: number, usesTopicIds: boolean, nowMs: number, first: readonly Answered[]) {
    this.id = id
    this.usesTopicIds = usesTopicIds
    this.createdMs = nowMs
    this.lastUsedMs = nowMs
    for (const { asked, answer } of first) {
      this.#entries.set(keyOf(asked, asked.wanted.partition), { asked, told: toldBy(answer) })
    }
  }

  /** The number of partitions. */
  get size(): number {
    return this.#entries.size
  }

  /** All that it fetches, in the order in which the answer's room is given out. */
  get asked(): Asked[] {
    return Array.from(this.#entries.values(), entry => entry.asked)
  }

  /** Takes up what a request names: new partitions and other offsets, and what to leave out. */
  update(changed: readonly Asked[], forgotten: FetchRequest['forgottenTopicsData']): void {
    for (const asked of changed) {
      const key = keyOf(asked, asked.wanted.partition)
      const entry = this.#entries.get(key)
      if (entry) entry.asked = asked
      else this.#entries.set(key, { asked, told: NOTHING_TOLD })
    }
    for (const topic of forgotten) {
      for (const partition of topic.partitions) this.#entries.delete(keyOf(topic, partition))
    }
  }

  /** Those of the answers that hold news; they count as told from now on. */
  news(answers: readonly Answered[]): Answered[] {
    return answers.filter(({ asked, answer }) => {
      const key = keyOf(asked, asked.wanted.partition)
      const entry = this.#entries.get(key)
      // A later request may have left it out, where the client did not wait for this one.
      if (!entry) return false
      const isNews = hasNews(entry.told, answer)
      entry.told = toldBy(answer)
      if (hasRecords(answer)) {
        this.#entries.delete(key)
        this.#entries.set(key, entry)
      }
      return isNews
    })
  }
}

function keyOf(topic: { readonly topic: string; readonly topicId: string }, partition: number) {
  return `${topic.topic}/${topic.topicId}/${partition}`
}

/** An error is told every time; and when it is gone, so is that. */
function toldBy({ errorCode, highWatermark, logStartOffset = -1 }: PartitionAnswer): Told {
  return errorCode === 0 ? { highWatermark, logStartOffset } : NOTHING_TOLD
}

function hasNews(told: Told, answer: PartitionAnswer): boolean {
  const { errorCode, divergingEpoch, highWatermark, logStartOffset = -1 } = answer
  if (errorCode !== 0 || divergingEpoch !== undefined || hasRecords(answer)) return true
  return highWatermark !== told.highWatermark || logStartOffset !== told.logStartOffset
}

function hasRecords({ records }: PartitionAnswer): boolean {
  return records !== null && records.length > 0
}
