import type { ConsumerEntry } from '../log/entry.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { keptFacts } from './kept.ts'

/** Parts of a group that are to be written; members by their ids, also those that are gone. */
interface Parts {
  readonly group: boolean
  readonly targetEpoch: boolean
  readonly facts: Iterable<string>
  readonly targets: Iterable<string>
  readonly positions: Iterable<string>
}

/**
 * What has changed of a group since it was last written: gathered while a request is served, and
 * written as one batch, so that a crash leaves all of a step or nothing.
 */
export class Unsaved {
  #group = false
  #targetEpoch = false
  readonly #facts = new Set<string>()
  readonly #targets = new Set<string>()
  readonly #positions = new Set<string>()

  /** The group's own epoch, or the topics that it is about. */
  group(): void {
    this.#group = true
  }

  /** All have been assigned anew; `changed` are those whose part is another now. */
  target(changed: Iterable<string>): void {
    this.#targetEpoch = true
    for (const id of changed) this.#targets.add(id)
  }

  facts(memberId: string): void {
    this.#facts.add(memberId)
  }

  position(memberId: string): void {
    this.#positions.add(memberId)
  }

  /** Everything of a member: it came, or went. */
  member(memberId: string): void {
    this.#facts.add(memberId)
    this.#targets.add(memberId)
    this.#positions.add(memberId)
  }

  /** What there is to write, which then counts as written. */
  take(group: ConsumerGroup): ConsumerEntry[] {
    const entries = entriesOf(group, {
      group: this.#group,
      targetEpoch: this.#targetEpoch,
      facts: this.#facts,
      targets: this.#targets,
      positions: this.#positions,
    })
    this.#group = false
    this.#targetEpoch = false
    for (const ids of [this.#facts, this.#targets, this.#positions]) ids.clear()
    return entries
  }
}

/** All that is to be kept of a group. */
export function allEntries(group: ConsumerGroup): ConsumerEntry[] {
  const ids = group.members().map(({ id }) => id)
  return entriesOf(group, {
    group: true,
    targetEpoch: true,
    facts: ids,
    targets: ids,
    positions: ids,
  })
}

/**
 * In Kafka's order: whoever reads them never meets a member that is gone while it still has
 * something, nor a target of an epoch that the group has not reached.
 */
function entriesOf(group: ConsumerGroup, parts: Parts): ConsumerEntry[] {
  const { groupId } = group
  const here = (ids: Iterable<string>) => [...ids].filter(id => group.member(id))
  const gone = (ids: Iterable<string>) => [...ids].filter(id => !group.member(id))
  const facts = (memberId: string): ConsumerEntry => {
    const member = group.member(memberId)
    return { is: 'member', groupId, memberId, facts: member && keptFacts(member.facts) }
  }
  const target = (memberId: string): ConsumerEntry => {
    const partitions = group.member(memberId) && group.targetOf(memberId)
    return { is: 'target', groupId, memberId, partitions }
  }
  const position = (memberId: string): ConsumerEntry => {
    return { is: 'position', groupId, memberId, position: group.member(memberId)?.position }
  }
  const { epoch, topicsHash, targetEpoch } = group
  const state: ConsumerEntry = { is: 'consumer group', groupId, state: { epoch, topicsHash } }
  return [
    ...gone(parts.positions).map(position),
    ...gone(parts.targets).map(target),
    ...gone(parts.facts).map(facts),
    ...here(parts.facts).map(facts),
    ...(parts.group ? [state] : []),
    ...here(parts.targets).map(target),
    ...(parts.targetEpoch ? [{ is: 'target epoch', groupId, epoch: targetEpoch } as const] : []),
    ...here(parts.positions).map(position),
  ]
}
