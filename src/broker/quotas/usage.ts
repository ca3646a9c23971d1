import * as api from '../../protocol/messages/index.ts'
import type { AnyMessage } from '../handler.ts'
import type { QuotaUser, Throttler } from './throttler.ts'

/** What a request has cost. */
export interface Usage {
  readonly api: string
  /** Bytes of the request, and of its answer if it has one. */
  readonly requestBytes: number
  readonly answerBytes: number
  /** How long it kept the thread busy; waits do not count. */
  readonly tookMs: number
  readonly request: AnyMessage
  readonly response: AnyMessage | undefined
}

/** Counts what a request has cost, and gives how long its client is to be held back. */
export function throttleMsFor(
  throttler: Throttler,
  usage: Usage,
  who: QuotaUser,
  nowMs: number,
): number {
  const ofTime = throttler.useTime(usage.tookMs, who, nowMs)
  return Math.max(ofTime, ofKind(throttler, usage, who, nowMs))
}

function ofKind(throttler: Throttler, usage: Usage, who: QuotaUser, nowMs: number): number {
  switch (usage.api) {
    case api.Produce.name:
      return throttler.use('producer_byte_rate', usage.requestBytes, who, nowMs)
    case api.Fetch.name:
      return throttler.use('consumer_byte_rate', usage.answerBytes, who, nowMs)
    case api.CreateTopics.name:
    case api.CreatePartitions.name:
    case api.DeleteTopics.name: {
      const mutations = mutationsIn(usage)
      if (mutations === 0) return 0
      return throttler.use('controller_mutation_rate', mutations, who, nowMs)
    }
    default:
      return 0
  }
}

/** Partitions that were made; topics that are deleted or grow count for one (KIP-599: for all). */
function mutationsIn({ request, response }: Usage): number {
  if (request.validateOnly === true || !response) return 0
  return [response.topics, response.results, response.responses]
    .flatMap(list => (Array.isArray(list) ? list : []))
    .reduce<number>((sum, topic: unknown) => sum + mutationsOf(topic), 0)
}

function mutationsOf(topic: unknown): number {
  if (typeof topic !== 'object' || topic === null) return 0
  const { errorCode, numPartitions }: { errorCode?: unknown; numPartitions?: unknown } = topic
  if (errorCode !== 0) return 0
  return typeof numPartitions === 'number' && numPartitions > 0 ? numPartitions : 1
}
