import { type Random, randomBelow } from '../../base/random.ts'
import type { ErrorName } from '../../protocol/errors.ts'
import type { FetchRequest } from '../../protocol/messages/index.ts'
import { type Answered, type Asked, epochAfter, FetchSession } from './fetch-session.ts'

/** The id that stands for no session. */
export const NO_SESSION = 0
/** The epoch of a request that wants none, and ends the one that it names. */
const FINAL_EPOCH = -1
const INITIAL_EPOCH = 0
/** Topics go by id from that version on. */
export const FIRST_VERSION_WITH_IDS = 13
/** A session that nobody used for so long gives way to a new one, as does a smaller one as old. */
const EVICTABLE_MS = 120_000

/** How a request stands to the sessions. */
export type Opened =
  | { readonly is: 'refused'; readonly error: ErrorName }
  /** A full answer, and no session afterwards. */
  | { readonly is: 'sessionless'; readonly asked: readonly Asked[] }
  /** A full answer, and a session if there is room. */
  | { readonly is: 'new'; readonly asked: readonly Asked[] }
  /** An answer with the news of a session. */
  | {
      readonly is: 'incremental'
      readonly session: FetchSession
      readonly asked: readonly Asked[]
      /** The epoch of the session after this request. */
      readonly epoch: number
    }

/**
 * The fetch sessions of one broker (KIP-227), in as many slots as are set by
 * `max.incremental.fetch.session.cache.slots`. A client that gets none fetches in full.
 */
export class FetchSessions {
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()

  get size(): number {
    return this.#sessions.size
  }

  get(id: number): FetchSession | undefined {
    return this.#sessions.get(id)
  }

  /** Forgets all, as a process does that ends. */
  clear(): void {
    this.#sessions.clear()
  }

  /** Finds the session of a request, with its changes taken up, or what stands against it. */
  open(request: FetchRequest, version: number, nowMs: number): Opened {
    const { sessionId, sessionEpoch } = request
    const asked = askedIn(request)
    if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
      this.#sessions.delete(sessionId)
      return { is: sessionEpoch === FINAL_EPOCH ? 'sessionless' : 'new', asked }
    }
    const session = this.#sessions.get(sessionId)
    if (!session) return { is: 'refused', error: 'FETCH_SESSION_ID_NOT_FOUND' }
    if (session.usesTopicIds !== version >= FIRST_VERSION_WITH_IDS) {
      return { is: 'refused', error: 'FETCH_SESSION_TOPIC_ID_ERROR' }
    }
    if (session.epoch !== sessionEpoch) {
      return { is: 'refused', error: 'INVALID_FETCH_SESSION_EPOCH' }
    }
    session.update(asked, request.forgottenTopicsData)
    this.#sessions.delete(sessionId)
    // Nothing is left to fetch: the session ends.
    if (session.size === 0) return { is: 'sessionless', asked: [] }
    this.#sessions.set(sessionId, session)
    session.lastUsedMs = nowMs
    session.epoch = epochAfter(session.epoch)
    return { is: 'incremental', session, asked: session.asked, epoch: session.epoch }
  }

  /** Begins a session over what was answered in full; gives its id, or 0 if there is no room. */
  begin(answers: readonly Answered[], { version, slots, nowMs, random }: SessionTerms): number {
    if (answers.length === 0 || !this.#hasRoom(answers.length, slots, nowMs)) return NO_SESSION
    let id = NO_SESSION
    while (id === NO_SESSION || this.#sessions.has(id)) id = randomBelow(random, 2 ** 31)
    const usesIds = version >= FIRST_VERSION_WITH_IDS
    this.#sessions.set(id, new FetchSession(id, usesIds, nowMs, answers))
    return id
  }

  /** Whether there is a free slot, if need be one that was just freed. */
  #hasRoom(size: number, slots: number, nowMs: number): boolean {
    if (this.#sessions.size < slots) return true
    const all = [...this.#sessions.values()]
    const [idlest] = all
    if (idlest && nowMs - idlest.lastUsedMs > EVICTABLE_MS) {
      return this.#sessions.delete(idlest.id)
    }
    const grown = all.filter(each => nowMs - each.createdMs > EVICTABLE_MS && each.size < size)
    const [smallest] = grown.sort((a, b) => a.size - b.size)
    return smallest !== undefined && this.#sessions.delete(smallest.id)
  }
}

/** What the beginning of a session depends on. */
export interface SessionTerms {
  readonly version: number
  /** How many sessions there may be. */
  readonly slots: number
  readonly nowMs: number
  readonly random: Random
}

function askedIn({ topics }: FetchRequest): Asked[] {
  return topics.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(wanted => ({ topic, topicId, wanted })),
  )
}
