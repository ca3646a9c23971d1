/** What a broker must know of a partition to fetch it. */
export interface Wish {
  readonly topic: string
  /** Zeros where the broker did not tell it. */
  readonly topicId: string
  readonly partition: number
  readonly currentLeaderEpoch: number
  readonly fetchOffset: number
  readonly lastFetchedEpoch: number
}

/** One fetch in terms of the session: what it must say, and what it may leave unsaid. */
export interface SessionStep {
  readonly sessionId: number
  readonly sessionEpoch: number
  /** What is new or has changed; all that is wanted, where the session begins. */
  readonly told: readonly Wish[]
  /** What the broker shall leave out from now on. */
  readonly forgotten: readonly Wish[]
}

const NO_SESSION = 0
const FIRST_EPOCH = 0
const LAST_EPOCH = 2_147_483_647
const FETCH_SESSION_ID_NOT_FOUND = 70

/**
 * A fetch session with one broker (KIP-227): the broker remembers what is fetched, so that a
 * request names only what has changed since the last one, and an answer only what has news.
 * Nothing here sends: `next` says what the next request holds, `answered` and `drop` hear what
 * became of it.
 *
 * Whenever the two sides may disagree, the next request begins a session anew and names everything;
 * so a session is never a reason to miss a record. A broker that answers session 0 keeps none, and
 * gets full requests.
 */
export class FetchSession {
  #id: number
  #epoch: number
  #byId = true
  /** What the broker remembers, by topic and partition. */
  #known = new Map<string, Wish>()

  constructor({ id = NO_SESSION, epoch = FIRST_EPOCH } = {}) {
    this.#id = id
    this.#epoch = epoch
  }

  /** Whether the broker keeps a session, so that an answer may leave out what has no news. */
  get isOpen(): boolean {
    return this.#id !== NO_SESSION && this.#epoch !== FIRST_EPOCH
  }

  /** Begins a request for exactly these partitions; `byId` if topics go by their ids (KIP-516). */
  next(wanted: ReadonlyMap<string, Wish>, byId: boolean): SessionStep {
    // A session that knows topics by names can't go on by ids, nor the other way round.
    if (byId !== this.#byId) this.drop()
    this.#byId = byId
    const isFull = !this.isOpen
    const known = isFull ? new Map<string, Wish>() : this.#known
    const told: Wish[] = []
    const forgotten: Wish[] = []
    for (const [slot, wish] of wanted) {
      const before = known.get(slot)
      if (before && isSame(before, wish)) continue
      // A topic that was made anew under its name is another one.
      if (before && byId && before.topicId !== wish.topicId) forgotten.push(before)
      told.push(wish)
    }
    for (const [slot, wish] of known) if (!wanted.has(slot)) forgotten.push(wish)
    this.#known = new Map(wanted)
    return { sessionId: this.#id, sessionEpoch: this.#epoch, told, forgotten }
  }

  /** The request was answered, perhaps by an error of the session as a whole. */
  answered({ errorCode, sessionId }: { readonly errorCode: number; readonly sessionId: number }) {
    if (errorCode === FETCH_SESSION_ID_NOT_FOUND) this.#id = NO_SESSION
    if (errorCode !== 0) return this.drop()
    this.#id = sessionId
    if (sessionId === NO_SESSION) this.drop()
    else this.#epoch = this.#epoch === LAST_EPOCH ? 1 : this.#epoch + 1
  }

  /**
   * Begins anew with the next request. The broker is told the old id with it and closes that
   * session, if it still has it.
   */
  drop(): void {
    this.#epoch = FIRST_EPOCH
    this.#known.clear()
  }
}

function isSame(a: Wish, b: Wish): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.topicId === b.topicId
  )
}
