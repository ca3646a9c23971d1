import type { ClassicMember, MemberProtocol } from './member.ts'

/**
 * The members of a classic group: who they are, who leads, and which protocols all of them have.
 * Nothing here knows of states or time.
 */
export class Roster {
  readonly #members = new Map<string, ClassicMember>()
  /** The member behind each `group.instance.id` (KIP-345). */
  readonly #statics = new Map<string, string>()
  #leader: string | undefined

  get size(): number {
    return this.#members.size
  }

  /** In order of joining. */
  all(): ClassicMember[] {
    return [...this.#members.values()]
  }

  get(id: string): ClassicMember | undefined {
    return this.#members.get(id)
  }

  /** The id of the member with a `group.instance.id`. */
  staticId(instanceId: string): string | undefined {
    return this.#statics.get(instanceId)
  }

  get leader(): string | undefined {
    return this.#leader
  }

  /** How many wait for the end of the join phase. */
  get joining(): number {
    return this.all().filter(member => member.isJoining).length
  }

  /** The longest that any member wants the others to wait for it. */
  get rebalanceTimeoutMs(): number {
    return this.all().reduce((max, { facts }) => Math.max(max, facts.rebalanceTimeoutMs), 0)
  }

  add(member: ClassicMember): void {
    this.#members.set(member.id, member)
    const { instanceId } = member.facts
    if (instanceId !== null) this.#statics.set(instanceId, member.id)
    this.#leader ??= member.id
  }

  remove(id: string): void {
    const member = this.#members.get(id)
    if (!member) return
    this.#members.delete(id)
    const { instanceId } = member.facts
    if (instanceId !== null && this.#statics.get(instanceId) === id) {
      this.#statics.delete(instanceId)
    }
    if (this.#leader === id) this.#leader = this.all()[0]?.id
  }

  /** Puts a static member that came back in its own place; it leads if it did. */
  replace(oldId: string, member: ClassicMember): void {
    const led = this.#leader === oldId
    this.#members.delete(oldId)
    this.add(member)
    if (led) this.#leader = member.id
  }

  /** Makes sure that one leads who has joined again; false if nobody has. */
  electJoined(): boolean {
    const leader = this.#leader === undefined ? undefined : this.#members.get(this.#leader)
    if (leader?.isJoining) return true
    const joined = this.all().find(member => member.isJoining)
    if (!joined) return false
    this.#leader = joined.id
    return true
  }

  elect(id: string | undefined): void {
    this.#leader = id
  }

  /** Whether some protocol of a newcomer is one that every member has. */
  canTake(protocols: readonly MemberProtocol[]): boolean {
    return protocols.some(({ name }) => this.#isCommon(name))
  }

  /** The protocol that most members like best among those that all have. */
  vote(): string {
    const votes = new Map<string, number>()
    for (const { facts } of this.#members.values()) {
      const choice = facts.protocols.find(({ name }) => this.#isCommon(name))?.name
      if (choice !== undefined) votes.set(choice, (votes.get(choice) ?? 0) + 1)
    }
    const [winner] = [...votes].sort(([, a], [, b]) => b - a)
    if (!winner) throw new Error('no protocol is common to all members of the group')
    return winner[0]
  }

  #isCommon(protocol: string): boolean {
    return this.all().every(({ facts }) => facts.protocols.some(({ name }) => name === protocol))
  }
}
