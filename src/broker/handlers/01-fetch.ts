/**
 * Fetch, versions 4 to 18.
 *
 * - Waits up to `maxWaitMs` until `minBytes` can be given; an error or a change of leader answers
 *   at once. Whole batches are given, by reference. The first one found comes whole even if it is
 *   larger than all limits (KIP-74).
 * - 7: fetch sessions (KIP-227), kept per broker in `max.incremental.fetch.session.cache.slots`
 *   slots. The answer to a request within one holds only partitions with news: records, an error,
 *   another high watermark or start of the log. A session that is not known, or not at that epoch:
 *   FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH; one that goes over from names to ids
 *   or back: FETCH_SESSION_TOPIC_ID_ERROR.
 * - read_committed (isolation level 1) ends at the last stable offset and names the aborted
 *   transactions.
 * - 9: leader epochs are checked. 12: a reader whose log diverged is told where (KIP-595).
 *   13: topic ids. 16: NOT_LEADER_OR_FOLLOWER and FENCED_LEADER_EPOCH tell the leader (KIP-951).
 */
import { Fetch, type FetchRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { brokerNumber } from '../config/broker-configs.ts'
import { FetchPass } from '../fetch/fetch-pass.ts'
import type { Answered, Asked, PartitionAnswer } from '../fetch/fetch-session.ts'
import { NO_SESSION, type Opened } from '../fetch/session-cache.ts'
import { type Context, on } from '../handler.ts'
import type { BrokerNode } from '../model/broker-node.ts'
import type { Partition } from '../model/partition.ts'
import { moreBytes } from '../more-bytes.ts'
import { code, leaderEndpoints } from './answers.ts'

type Answer = ResponseInput<typeof Fetch>
type Opening = Exclude<Opened, { is: 'refused' }>

export const fetch = on(
  Fetch,
  [4, 18],
  async (request, context) => {
    const { fetchSessions } = context.node
    const opened = fetchSessions.open(request, context.version, context.cluster.clock.now())
    if (opened.is === 'refused') {
      return { errorCode: code(opened.error), sessionId: NO_SESSION, responses: [] }
    }
    const { answers, leaders } = await enough(opened.asked, request, context)
    return {
      ...respond(opened, answers, context),
      nodeEndpoints: leaderEndpoints(context, leaders),
    }
  },
  { fails: 'inside', scope },
)

/** Looks until there is enough, or it makes no sense to wait. */
async function enough(asked: readonly Asked[], request: FetchRequest, context: Context) {
  const { clock } = context.cluster
  const deadline = clock.now() + request.maxWaitMs
  for (;;) {
    // To be watched before it is read: what is appended in between must not be missed.
    const missing = { bytes: Math.max(request.minBytes, 1) }
    const more = moreBytes(clock, watched(asked, context), missing, deadline, context.signal)
    const pass = new FetchPass(request, context)
    const answers = await pass.run(asked)
    missing.bytes -= pass.bytes
    const isDone = pass.isUrgent || missing.bytes <= 0 || clock.now() >= deadline
    const looked = { answers, leaders: pass.leaders }
    if (isDone || context.signal.aborted || asked.length === 0) {
      more.cancel()
      return looked
    }
    await more.promise
    // Most waits end like that: then there is no need to look again.
    if (!more.heardAny) return looked
  }
}

function watched(asked: readonly Asked[], context: Context): Partition[] {
  return asked.flatMap(({ topic, topicId, wanted }) => {
    const found = context.cluster.topics.find(topic, topicId)
    return found?.partitions[wanted.partition] ?? []
  })
}

function respond(opened: Opening, answers: readonly Answered[], context: Context): Answer {
  const { cluster, node, version } = context
  switch (opened.is) {
    case 'sessionless':
      return { sessionId: NO_SESSION, responses: byTopic(answers) }
    case 'new': {
      const { clock, random, brokerConfig } = cluster.settings
      const slots = brokerNumber('max.incremental.fetch.session.cache.slots', brokerConfig)
      const terms = { version, slots, nowMs: clock.now(), random }
      return { sessionId: node.fetchSessions.begin(answers, terms), responses: byTopic(answers) }
    }
    case 'incremental': {
      const { session } = opened
      // The client went on without waiting for this answer, which would confuse the session.
      if (session.epoch !== opened.epoch) {
        const errorCode = code('INVALID_FETCH_SESSION_EPOCH')
        return { errorCode, sessionId: NO_SESSION, responses: [] }
      }
      return { sessionId: session.id, responses: byTopic(session.news(answers)) }
    }
  }
}

/** Neighbours of one topic go under one name. */
function byTopic(answers: readonly Answered[]): Answer['responses'] {
  const topics: { topic: string; topicId: string; partitions: PartitionAnswer[] }[] = []
  for (const { asked, answer } of answers) {
    const last = topics.at(-1)
    if (last?.topic === asked.topic && last.topicId === asked.topicId) {
      last.partitions.push(answer)
    } else topics.push({ topic: asked.topic, topicId: asked.topicId, partitions: [answer] })
  }
  return topics
}

/** What a request is about: within a session, more than it names. */
function scope({ sessionId, topics }: FetchRequest, { fetchSessions }: BrokerNode) {
  const kept = fetchSessions.get(sessionId)?.asked ?? []
  const others = kept.map(({ wanted, ...topic }) => ({ ...topic, partitions: [wanted] }))
  return { topics: [...topics, ...others] }
}
