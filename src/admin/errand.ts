import { backoffMs, retryBackoff } from '../base/backoff.ts'
import { sleep } from '../base/clock.ts'
import type { Cluster, Failure } from '../cluster/cluster.ts'
import type { CoordinatorType } from '../cluster/coordinators.ts'
import { asError, BrokerError, KafkaError } from '../errors.ts'
import { errorByName } from '../protocol/errors.ts'
import { type Api, Metadata, type RequestInput, type ResponseOf } from '../protocol/index.ts'

const NOT_CONTROLLER = errorByName('NOT_CONTROLLER').code
/** A connection that broke may have been an idle one; a broker that is gone stays gone. */
const CONNECTION_TRIES = 3

/** What every call of the admin client takes. */
export interface CallOptions {
  /** The deadline of the call with all its requests and retries, in ms; default.api.timeout.ms. */
  readonly timeoutMs?: number | undefined
}

/** What the admin client works with. */
export interface Office {
  readonly cluster: Cluster
  /** `default.api.timeout.ms`. */
  readonly timeoutMs: number
}

interface AskOptions {
  readonly maxVersion?: number
}

/** One call of the admin client: several requests to several brokers, under one deadline. */
export class Errand {
  readonly cluster: Cluster
  readonly #deadline: number

  constructor({ cluster, timeoutMs }: Office, options: CallOptions = {}) {
    this.cluster = cluster
    this.#deadline = cluster.clock.now() + (options.timeoutMs ?? timeoutMs)
  }

  get leftMs(): number {
    return Math.max(1, this.#deadline - this.cluster.clock.now())
  }

  /** How long a broker may work on one request: what requests call their `timeoutMs`. */
  get brokerMs(): number {
    return Math.floor(Math.min(this.leftMs, this.cluster.config.requestTimeoutMs))
  }

  /** Waits before try number `attempt` + 1; false when there is no time for another. */
  async rest(attempt: number): Promise<boolean> {
    const { clock, config, random } = this.cluster
    const ms = backoffMs(retryBackoff(config), attempt, random)
    if (clock.now() + ms >= this.#deadline) return false
    await sleep(clock, ms)
    return true
  }

  /** Asks whatever broker answers. */
  any<A extends Api>(
    api: A,
    request: RequestInput<A>,
    options: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    return this.cluster.call(api, request, { timeoutMs: this.leftMs, ...options })
  }

  /**
   * Asks the controller. With ZooKeeper (up to Kafka 3.x) a broker that is no longer the controller
   * says so once for each item, and nothing was done: then the new one is looked for and asked.
   * With KRaft every broker passes the request on.
   */
  async controller<A extends Api>(
    api: A,
    request: RequestInput<A>,
    codesOf: (answer: ResponseOf<A>) => readonly number[],
    { maxVersion }: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    const limit = maxVersion === undefined ? {} : { maxVersion }
    for (let attempt = 1; ; attempt++) {
      const options = { route: { to: 'controller' }, timeoutMs: this.leftMs, ...limit } as const
      const answer = await this.cluster.call(api, request, options)
      const hasMoved = codesOf(answer).some(code => code === NOT_CONTROLLER)
      if (!hasMoved || !(await this.rest(attempt))) return answer
      this.cluster.view.controllerId = -1
    }
  }

  /**
   * Asks the coordinator of a group or transactional id. `failure` finds the error of an answer
   * that has none at its top; where the coordinator has moved, the new one is asked.
   */
  coordinator<A extends Api>(
    of: CoordinatorType,
    key: string,
    api: A,
    request: RequestInput<A>,
    failure: (answer: ResponseOf<A>) => Failure | undefined,
    options: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    const at = of === 'group' ? { group: key } : { transactionalId: key }
    const wrong = (answer: ResponseOf<A>) => {
      const found = failure(answer)
      return found && found.errorCode !== 0 ? { ...found, at } : undefined
    }
    const route = { to: 'coordinator', of, key } as const
    const call = { route, failure: wrong, timeoutMs: this.leftMs, ...options }
    return this.cluster.call(api, request, call)
  }

  /** Asks one broker once: for callers that choose another one when this one fails. */
  once<A extends Api>(
    nodeId: number,
    api: A,
    request: RequestInput<A>,
    options: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    const route = { to: 'broker', nodeId } as const
    const call = { route, timeoutMs: this.leftMs, isWanted: () => false, ...options }
    return this.cluster.call(api, request, call)
  }

  /** Asks one broker about itself: again while it answers that it is not ready. */
  async broker<A extends Api>(
    nodeId: number,
    api: A,
    request: RequestInput<A>,
    options: AskOptions = {},
  ): Promise<ResponseOf<A>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(nodeId, api, request, options)
      } catch (thrown) {
        const error = asError(thrown)
        const isRetriable = error instanceof KafkaError && error.retriable
        const mayPass = error instanceof BrokerError || attempt < CONNECTION_TRIES
        if (!isRetriable || !mayPass || !(await this.rest(attempt))) throw error
      }
    }
  }

  /** The metadata of topics, asked for anew; what is learnt of brokers and leaders is kept. */
  async metadata(
    topics: RequestInput<typeof Metadata>['topics'],
  ): Promise<ResponseOf<typeof Metadata>> {
    const answer = await this.any(Metadata, { topics, allowAutoTopicCreation: false })
    this.cluster.view.update(answer)
    return answer
  }

  /** The ids of all brokers that are alive, in order. */
  async brokerIds(): Promise<number[]> {
    const { brokers } = await this.metadata([])
    return brokers.map(({ nodeId }) => nodeId).sort((a, b) => a - b)
  }
}
