import { BrokerError } from '../errors.ts'
import { FindCoordinator } from '../protocol/index.ts'
import type { Brokers } from './brokers.ts'

export type CoordinatorType = 'group' | 'transaction'

const keyTypes: Record<CoordinatorType, number> = { group: 0, transaction: 1 }
const BATCHED = 4

/**
 * Which broker coordinates a group or a transactional id. Forgotten as soon as a broker says that
 * it is another one, or can't be reached, so that a coordinator that is gone is never waited for.
 */
export class Coordinators {
  readonly #brokers: Brokers
  readonly #known = new Map<string, number>()
  readonly #asking = new Map<string, Promise<number>>()

  constructor(brokers: Brokers) {
    this.#brokers = brokers
  }

  /** The coordinator's broker id; asks where it is not known, once for all who wait. */
  async find(type: CoordinatorType, key: string): Promise<number> {
    const name = `${type}/${key}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const asking = this.#asking.get(name)
    if (asking) return asking
    const ask = this.#ask(type, key).finally(() => this.#asking.delete(name))
    this.#asking.set(name, ask)
    const nodeId = await ask
    this.#known.set(name, nodeId)
    return nodeId
  }

  forget(type: CoordinatorType, key: string): void {
    this.#known.delete(`${type}/${key}`)
  }

  async #ask(type: CoordinatorType, key: string): Promise<number> {
    const connection = await this.#brokers.any()
    const keyType = keyTypes[type]
    const batched = (connection.versionOf(FindCoordinator) ?? 0) >= BATCHED
    const answer = await connection.send(
      FindCoordinator,
      batched ? { keyType, coordinatorKeys: [key] } : { keyType, key },
      // A broker of before 2.8 takes one key; what differs by version is the shape, not the sense.
      batched ? {} : { maxVersion: BATCHED - 1 },
    )
    const found = batched ? answer.coordinators[0] : answer
    if (found && found.errorCode === 0) return found.nodeId
    const whose = type === 'group' ? { group: key } : { transactionalId: key }
    const at = { api: 'FindCoordinator', broker: connection.name, ...whose }
    throw new BrokerError(found?.errorCode ?? 15, at, found?.errorMessage)
  }
}
