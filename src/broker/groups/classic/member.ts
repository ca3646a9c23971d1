import type { Deferred } from '../../../base/deferred.ts'
import type { JoinGroup, SyncGroup } from '../../../protocol/messages/index.ts'
import type { ResponseInput } from '../../../protocol/schema/api.ts'
import type { Alarm } from '../alarm.ts'

export type JoinAnswer = ResponseInput<typeof JoinGroup>
export type SyncAnswer = ResponseInput<typeof SyncGroup>

/** A way to assign that a member can take part in, with what it says to its leader. */
export interface MemberProtocol {
  readonly name: string
  readonly metadata: Buffer
}

/** What a member says of itself when it joins. */
export interface MemberFacts {
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
}

/** An answer that a client waits for, and the broker that it asked. */
export interface Waiting<Answer> {
  readonly answer: Deferred<Answer>
  readonly node: number
}

const NO_ASSIGNMENT = Buffer.alloc(0)

/** A member of a group of the classic protocol. */
export class ClassicMember {
  readonly id: string
  facts: MemberFacts
  assignment: Buffer = NO_ASSIGNMENT
  /** It has not been told its id yet, so that nobody can heartbeat for it. */
  isNew = true
  readonly session: Alarm
  #joining: Waiting<JoinAnswer> | undefined
  #syncing: Waiting<SyncAnswer> | undefined

  constructor(id: string, facts: MemberFacts, session: Alarm) {
    this.id = id
    this.facts = facts
    this.session = session
  }

  get isJoining(): boolean {
    return this.#joining !== undefined
  }

  get isSyncing(): boolean {
    return this.#syncing !== undefined
  }

  /** Whether it waits for us; then it need not heartbeat. */
  get isWaiting(): boolean {
    return this.#joining !== undefined || this.#syncing !== undefined
  }

  metadata(protocol: string): Buffer {
    return this.facts.protocols.find(({ name }) => name === protocol)?.metadata ?? NO_ASSIGNMENT
  }

  /** Whether what it can do, in the order of its wishes, and what it says of it are the same. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    const mine = this.facts.protocols
    return (
      mine.length === protocols.length &&
      mine.every(
        ({ name, metadata }, i) =>
          protocols[i]!.name === name && protocols[i]!.metadata.equals(metadata),
      )
    )
  }

  /** Waits for the others. A request that came before has been given up by its sender. */
  awaitJoin(waiting: Waiting<JoinAnswer>): void {
    this.endJoin(joinFailure(GIVEN_UP, this.id))
    this.#joining = waiting
  }

  endJoin(answer: JoinAnswer): void {
    this.#joining?.answer.resolve(answer)
    this.#joining = undefined
  }

  awaitSync(waiting: Waiting<SyncAnswer>): void {
    this.endSync(syncFailure(GIVEN_UP))
    this.#syncing = waiting
  }

  endSync(answer: SyncAnswer): void {
    this.#syncing?.answer.resolve(answer)
    this.#syncing = undefined
  }

  /** Answers it if it asked a broker that is not the coordinator any more; says if it did. */
  sendAway(coordinator: number, errorCode: number): boolean {
    const waiting = this.#joining ?? this.#syncing
    if (!waiting || waiting.node === coordinator) return false
    this.endJoin(joinFailure(errorCode, this.id))
    this.endSync(syncFailure(errorCode))
    return true
  }
}

/** REBALANCE_IN_PROGRESS: whoever still reads it shall join again. */
const GIVEN_UP = 27

export function joinFailure(errorCode: number, memberId: string): JoinAnswer {
  const nothing = { protocolName: null, leader: '', skipAssignment: false, members: [] }
  return { errorCode, memberId, ...nothing }
}

export function syncFailure(errorCode: number): SyncAnswer {
  return { errorCode, assignment: NO_ASSIGNMENT }
}
