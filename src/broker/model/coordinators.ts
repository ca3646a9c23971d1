import type { BrokerNode } from './broker-node.ts'

export type CoordinatorKind = 'group' | 'transaction'

/** Over how many slots groups and transactional ids spread; as Kafka's internal topics have. */
export const SLOTS = 50

/** Which broker coordinates a group or a transactional id: the same answer on every broker. */
export class Coordinators {
  /** The broker to which a test has moved one. */
  readonly #moved = new Map<string, number>()

  /** Undefined when no broker is alive. */
  of(living: readonly BrokerNode[], kind: CoordinatorKind, key: string): BrokerNode | undefined {
    if (living.length === 0) return undefined
    const moved = this.#moved.get(`${kind} ${key}`)
    // Shifted, so that a group and a transactional id of one name don't always share a broker.
    const slot = slotOf(key) + (kind === 'group' ? 0 : 1)
    return living.find(({ id }) => id === moved) ?? living[slot % living.length]
  }

  /** From now on a broker coordinates it, for as long as that one lives. */
  move(kind: CoordinatorKind, key: string, brokerId: number): void {
    this.#moved.set(`${kind} ${key}`, brokerId)
  }
}

/** The slot of a key, as Kafka computes the partition of its internal topics. */
export function slotOf(key: string): number {
  return (stringHash(key) & 0x7fffffff) % SLOTS
}

/** The hash code of a string as Java defines it. */
function stringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
