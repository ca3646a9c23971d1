import { FakeClock, settle } from '../../../../src/base/fake-clock.ts'
import { ClassicGroup } from '../../../../src/broker/groups/classic/classic-group.ts'
import { type Joining, join } from '../../../../src/broker/groups/classic/join.ts'
import type { JoinAnswer, SyncAnswer } from '../../../../src/broker/groups/classic/member.ts'
import { sync } from '../../../../src/broker/groups/classic/sync.ts'
import type { GroupHost } from '../../../../src/broker/groups/group.ts'
import type { Entry } from '../../../../src/broker/groups/log/entry.ts'
import { groupSettings } from '../../../../src/broker/groups/settings.ts'
import { Topics } from '../../../../src/broker/model/topics.ts'
import { errorByCode } from '../../../../src/protocol/errors.ts'

export const SESSION_MS = 10_000
export const REBALANCE_MS = 60_000
const BROKER = 1

/** Surroundings on a fake clock, which note what a group tells them. */
export function testHost(config: Readonly<Record<string, string>> = {}) {
  const clock = new FakeClock()
  const moves: string[] = []
  const saved: Entry[][] = []
  const host: GroupHost = {
    clock,
    settings: groupSettings(config),
    settingsOf: () => groupSettings(config),
    topics: new Topics(),
    newMemberId: prefix => `${prefix}-id`,
    save: (_, entries) => void saved.push([...entries]),
    moved: (_, from, to) => void moves.push(`${from} > ${to}`),
  }
  return { clock, moves, saved, host }
}

/** What a test says of a member that joins; the rest is as most members are. */
export interface Join {
  readonly id?: string
  readonly instanceId?: string
  /** Protocols by name, with what the member says to the leader. */
  readonly protocols?: Readonly<Record<string, string>>
  readonly protocolType?: string
  readonly newId?: string
  readonly version?: number
  readonly rebalanceMs?: number
}

/** An answer that may still be awaited, and its error by name once it has come. */
export class Pending<Answer extends { errorCode: number }> {
  answer: Answer | undefined

  constructor(promise: Promise<Answer>) {
    void promise.then(answer => {
      this.answer = answer
    })
  }

  get outcome(): string {
    return this.answer ? errorByCode(this.answer.errorCode).name : 'waits'
  }
}

/** A classic group on a fake clock, and members' requests to it. */
export class ClassicBench {
  readonly clock: FakeClock
  readonly moves: string[]
  readonly saved: Entry[][]
  readonly group: ClassicGroup

  constructor(config: Readonly<Record<string, string>> = {}) {
    const { clock, moves, saved, host } = testHost(config)
    this.clock = clock
    this.moves = moves
    this.saved = saved
    this.group = new ClassicGroup('g', host)
  }

  async join(who: Join): Promise<Pending<JoinAnswer>> {
    const { id = '', instanceId = null, protocols = { range: 'm' }, version = 9 } = who
    const joining: Joining = {
      memberId: id,
      facts: {
        instanceId,
        clientId: 'c',
        clientHost: '/h',
        protocolType: who.protocolType ?? 'consumer',
        protocols: Object.entries(protocols).map(([name, text]) => ({
          name,
          metadata: Buffer.from(text, 'latin1'),
        })),
        rebalanceTimeoutMs: who.rebalanceMs ?? REBALANCE_MS,
        sessionTimeoutMs: SESSION_MS,
      },
      node: BROKER,
      newId: who.newId ?? 'new',
      needsKnownId: version >= 4,
      knowsSkipping: version >= 9,
    }
    const pending = new Pending(join(this.group, joining))
    await settle()
    return pending
  }

  async sync(
    memberId: string,
    more: { generationId?: number; assignments?: Record<string, string>; instanceId?: string } = {},
  ): Promise<Pending<SyncAnswer>> {
    const { generationId = this.group.generationId, assignments = {}, instanceId = null } = more
    const pending = new Pending(
      sync(this.group, {
        memberId,
        instanceId,
        generationId,
        protocolType: 'consumer',
        protocolName: this.group.protocol,
        assignments: new Map(
          Object.entries(assignments).map(([id, text]) => [id, Buffer.from(text)]),
        ),
        node: BROKER,
      }),
    )
    await settle()
    return pending
  }

  /** Members of these ids have joined; the group waits for the leader's assignment. */
  async completing(...ids: string[]): Promise<void> {
    // An older member gets its id at its first request, so that these can be chosen here.
    await Promise.all(ids.map(newId => this.join({ newId, version: 3 })))
    for (const id of ids) if (this.group.stateName === 'PreparingRebalance') await this.join({ id })
    expectState(this.group, 'CompletingRebalance')
  }

  /** The same members, with the assignment `for ID` each. */
  async stable(...ids: string[]): Promise<void> {
    await this.completing(...ids)
    const assignments = Object.fromEntries(ids.map(id => [id, `for ${id}`]))
    for (const id of [...ids].reverse()) await this.sync(id, { assignments })
    expectState(this.group, 'Stable')
  }
}

function expectState(group: ClassicGroup, state: string): void {
  if (group.stateName !== state) throw new Error(`the group is ${group.stateName}, not ${state}`)
}
