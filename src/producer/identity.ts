import { sleep } from '../base/clock.ts'
import { Machine, type Moves } from '../base/machine.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { AuthenticationError, asError, KafkaError } from '../errors.ts'
import { InitProducerId } from '../protocol/index.ts'

export interface ProducerId {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What the sender needs of an identity: that of an idempotent or a transactional producer. */
export interface ProducerIdentity {
  /** The identity to number batches under, or undefined while there is none. */
  readonly current: ProducerId | undefined
  /** Why there will never be one. */
  readonly refusal: KafkaError | undefined
  bump(): void
  refuse(cause: KafkaError): void
  close(): void
}

/** Whether we have an identity under which the broker recognises a batch that comes twice. */
type IdentityState =
  | { readonly is: 'none' }
  | { readonly is: 'asking' }
  | ({ readonly is: 'held' } & ProducerId)
  | { readonly is: 'refused'; readonly cause: KafkaError }

export const identityMoves: Moves<IdentityState> = {
  none: ['asking', 'refused'],
  asking: ['held', 'none', 'refused'],
  held: ['held', 'none', 'refused'],
  refused: [],
}

const LAST_EPOCH = 32_767

/**
 * The producer id of an idempotent producer (KIP-98). It is asked for once, from any broker, again
 * and again while that fails for a reason that may pass; it is never given up for a timeout.
 */
export class Identity implements ProducerIdentity {
  readonly #cluster: Cluster
  readonly #changed: () => void
  readonly #machine: Machine<IdentityState>
  #closed = false

  constructor(cluster: Cluster, changed: () => void) {
    this.#cluster = cluster
    this.#changed = changed
    this.#machine = new Machine<IdentityState>(
      'identity',
      identityMoves,
      { is: 'none' },
      (from, to) => {
        cluster.publisher.publish('identity:moved', {
          from: from.is,
          to: to.is,
          ...(to.is === 'held' && { producerId: to.producerId, producerEpoch: to.producerEpoch }),
          ...(to.is === 'refused' && { cause: to.cause }),
        })
      },
    )
  }

  /** The identity, or undefined while there is none; the first call begins to ask for it. */
  get current(): ProducerId | undefined {
    const { state } = this.#machine
    if (state.is === 'held') return state
    if (state.is === 'none' && !this.#closed) void this.#ask()
    return undefined
  }

  /** Why there will never be one. */
  get refusal(): KafkaError | undefined {
    const { state } = this.#machine
    return state.is === 'refused' ? state.cause : undefined
  }

  /**
   * Begins a new epoch, in which each partition's sequence starts at 0 (KIP-360). The broker
   * accepts an epoch above the one it knows; where there is none above, a new id is asked for.
   */
  bump(): void {
    const { state } = this.#machine
    if (state.is !== 'held') return
    const { producerId, producerEpoch } = state
    if (producerEpoch >= LAST_EPOCH) this.#machine.to({ is: 'none' })
    else this.#machine.to({ is: 'held', producerId, producerEpoch: producerEpoch + 1 })
    this.#changed()
  }

  refuse(cause: KafkaError): void {
    if (this.#machine.may('refused')) this.#machine.to({ is: 'refused', cause })
    this.#changed()
  }

  close(): void {
    this.#closed = true
  }

  async #ask(): Promise<void> {
    this.#machine.to({ is: 'asking' })
    const { config, clock, logger } = this.#cluster
    while (!this.#closed) {
      try {
        const { producerId, producerEpoch } = await this.#cluster.call(InitProducerId, {
          transactionalId: null,
          transactionTimeoutMs: 60_000,
        })
        this.#machine.to({ is: 'held', producerId, producerEpoch })
        this.#changed()
        return
      } catch (thrown) {
        const error = asError(thrown)
        // Who is refused today may be let in tomorrow; what waited was told at once.
        const isFinal = error instanceof KafkaError && !error.retriable
        if (isFinal && !(error instanceof AuthenticationError)) return this.refuse(error)
        logger.log('debug', 'identity.retried', { error })
        await sleep(clock, config.retryBackoffMaxMs)
      }
    }
  }
}
