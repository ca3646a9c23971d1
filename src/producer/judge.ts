import { backoffMs, retryBackoff } from '../base/backoff.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { BrokerInfo } from '../cluster/metadata.ts'
import { BrokerError, KafkaError, ProtocolError } from '../errors.ts'
import type { Accumulator } from './accumulator.ts'
import type { Batch } from './batch.ts'
import type { ProducerIdentity } from './identity.ts'
import type { ProducerConfig } from './options.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { Flight, PartitionAnswer } from './produce-request.ts'
import { RetryBudget } from './retry-budget.ts'
import type { Settlement } from './settlement.ts'
import { splitBatch } from './split.ts'
import type { Statistics } from './statistics.ts'
import { maxMessageBytes } from './topic-limits.ts'
import type { Transaction } from './transaction.ts'
import { mayHaveAppended, type Verdict, verdict } from './verdict.ts'

const MESSAGE_TOO_LARGE = 10

/** Stands for the answer that a broker left out for one partition. */
export const NO_ANSWER = 'no answer'

export interface JudgeParts {
  readonly cluster: Cluster
  readonly config: ProducerConfig
  readonly accumulator: Accumulator
  readonly identity: ProducerIdentity | undefined
  readonly transaction: Transaction | undefined
  readonly settlement: Settlement
  readonly statistics: Statistics
}

/** Does to a batch what the verdict on its answer says. */
export class Judge {
  readonly #parts: JudgeParts
  /** By the broker to which retries went; there is none before the first. */
  readonly #budgets = new Map<number, RetryBudget>()

  constructor(parts: JudgeParts) {
    this.#parts = parts
  }

  /** `acks=0`: written is all that will ever be known. */
  sentSilently({ queue, batch }: Flight): void {
    queue.landed(batch)
    if (batch.phase === 'settled') return this.#release(batch, false)
    this.#parts.settlement.delivered(batch, -1, -1)
    this.#release(batch, false)
  }

  answered(
    { queue, batch }: Flight,
    answer: PartitionAnswer | typeof NO_ANSWER,
    endpoints: readonly BrokerInfo[],
    broker: string,
  ): void {
    if (answer === NO_ANSWER) {
      return this.broke({ queue, batch }, noAnswer(batch, broker))
    }
    queue.landed(batch)
    const { errorCode } = answer
    const judged = this.#verdictOn(queue, batch, errorCode)
    if (batch.phase === 'settled') return this.#settledBefore(queue, batch, judged)
    if (judged === 'delivered') {
      queue.knownAs = batch.sequence?.producerId
      const { baseOffset, logAppendTimeMs } = answer
      this.#parts.settlement.delivered(batch, baseOffset, logAppendTimeMs)
      if (this.#budgets.size > 0) this.#budgets.get(this.#leaderOf(batch))?.earn()
      return this.#release(batch, true)
    }
    if (mayHaveAppended(errorCode)) batch.maybePersisted = true
    const { topic, partition } = batch
    const at = { api: 'Produce', topic, partition, broker }
    const error = new BrokerError(errorCode, at, answer.errorMessage, hintOn(errorCode, batch))
    if (judged === 'refresh') this.#refresh(batch, answer, endpoints)
    if (errorCode === MESSAGE_TOO_LARGE) void this.#learnLimit(batch.topic)
    this.#act(judged, queue, batch, error)
  }

  /** The request had no answer: the batch may be in the log or not, so it keeps its sequence. */
  broke({ queue, batch }: Flight, error: Error): void {
    queue.landed(batch)
    batch.maybePersisted = true
    if (batch.phase === 'settled') return this.#settledBefore(queue, batch, 'retry')
    const { logger } = this.#parts.cluster
    const { topic, partition } = batch
    logger.log('debug', 'batch.retried', { topic, partition, error })
    this.#retry(queue, batch, asKafkaError(error))
  }

  /** The deadline is over. Where the batch is in flight, its buffer is kept until it lands. */
  expired(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    if (batch.phase === 'settled') return
    if (batch.phase === 'inFlight') {
      batch.maybePersisted = true
      this.#parts.transaction?.batchFailed(error, true)
      this.#parts.settlement.failed(batch, error)
      this.#parts.accumulator.records -= batch.count
      return
    }
    this.giveUp(queue, batch, error)
  }

  /** Fails a batch; the numbers that it held are lost, so those behind it need a new epoch. */
  giveUp(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    if (batch.phase === 'settled') return
    if (batch.phase === 'inFlight') return this.expired(queue, batch, error)
    queue.remove(batch)
    if (batch.sequence) queue.broken ??= error
    // The codec may still be reading the buffer of a batch that is closing.
    const reusable = batch.phase !== 'closing'
    this.#parts.transaction?.batchFailed(error, batch.sequence !== undefined)
    this.#parts.settlement.failed(batch, error)
    this.#release(batch, reusable)
  }

  #verdictOn(queue: PartitionQueue, batch: Batch, errorCode: number): Verdict {
    return verdict(errorCode, {
      idempotent: this.#parts.config.enableIdempotence,
      transactional: batch.transactional,
      isFirst: queue.isFirst(batch),
      count: batch.count,
    })
  }

  #act(judged: Verdict, queue: PartitionQueue, batch: Batch, error: BrokerError): void {
    switch (judged) {
      case 'retry':
      case 'refresh':
        return this.#retry(queue, batch, error)
      case 'split':
        return this.#split(queue, batch, error)
      case 'renew':
        queue.broken = error
        return this.#retry(queue, batch, error)
      case 'fatal':
        this.#parts.identity?.refuse(fatal(error))
        break
    }
    batch.problem = error
    batch.move('ready')
    this.giveUp(queue, batch, error)
  }

  #retry(queue: PartitionQueue, batch: Batch, error: KafkaError): void {
    const { config, cluster, transaction } = this.#parts
    batch.problem = error
    batch.move('ready')
    if (batch.sends > config.retries || transaction?.mayRetry === false) {
      this.giveUp(queue, batch, error)
      return
    }
    const rest = backoffMs(retryBackoff(config), batch.sends, cluster.random)
    batch.retryAt = this.#budget(batch).spend(cluster.clock.now() + rest)
    queue.requeue([batch])
    if (!cluster.publisher.heard('batch:retried')) return
    const { id, topic, partition, sends } = batch
    cluster.publisher.publish('batch:retried', { topic, partition, batch: id, sends, error })
  }

  #budget(batch: Batch): RetryBudget {
    const { config, cluster } = this.#parts
    const leader = this.#leaderOf(batch)
    const known = this.#budgets.get(leader)
    if (known) return known
    const budget = new RetryBudget(Math.max(config.retryBackoffMaxMs, 1), cluster.random())
    this.#budgets.set(leader, budget)
    return budget
  }

  #leaderOf({ topic, partition }: Batch): number {
    return this.#parts.cluster.view.partition(topic, partition)?.leader ?? -1
  }

  #split(queue: PartitionQueue, batch: Batch, error: BrokerError): void {
    const { accumulator, settlement, cluster, statistics } = this.#parts
    statistics.batchesSplit++
    const parts = splitBatch(batch, queue, accumulator)
    const { topic, partition, size: bytes } = batch
    cluster.logger.log('debug', 'batch.split', { topic, partition, bytes, error })
    batch.published({ error })
    batch.move('settled')
    const into = parts.map(part => part.id)
    cluster.publisher.publish('batch:split', { topic, partition, batch: batch.id, into })
    for (const part of parts) part.move('ready')
    queue.requeue(parts)
    for (const flush of settlement.flushes) flush.split(batch, parts)
    accumulator.release(batch, true)
  }

  /** A batch whose deadline passed in flight has landed now: was it stored, or is there a gap? */
  #settledBefore(queue: PartitionQueue, batch: Batch, judged: Verdict): void {
    if (judged !== 'delivered' && batch.sequence) {
      queue.broken ??= new KafkaError({
        code: 'DELIVERY_TIMED_OUT',
        message: 'a batch before this one was given up, and its sequence numbers with it',
      })
    }
    this.#parts.accumulator.release(batch, true)
  }

  async #learnLimit(name: string): Promise<void> {
    const topic = this.#parts.accumulator.topics.get(name)
    if (!topic || topic.limit !== Number.POSITIVE_INFINITY) return
    topic.limit = (await maxMessageBytes(this.#parts.cluster, name)) ?? topic.limit
  }

  /** Takes the broker's hint of who leads now (KIP-951), or asks. */
  #refresh(batch: Batch, answer: PartitionAnswer, endpoints: readonly BrokerInfo[]): void {
    const { cluster } = this.#parts
    const { leaderId: leader, leaderEpoch } = answer.currentLeader
    const { topic, partition } = batch
    const broker = endpoints.find(each => each.nodeId === leader)
    if (cluster.view.hint({ topic, partition, leader, leaderEpoch }, broker)) return
    cluster.refreshSoon()
  }

  #release(batch: Batch, reusable: boolean): void {
    const { accumulator } = this.#parts
    accumulator.records -= batch.count
    accumulator.release(batch, reusable)
  }
}

function hintOn(errorCode: number, { count, size }: Batch): string | undefined {
  if (errorCode !== MESSAGE_TOO_LARGE || count > 1) return hints[errorCode]
  return `with this record the batch takes ${size} bytes; ${hints[errorCode]}`
}

const hints: Readonly<Record<number, string>> = {
  3: 'does the topic exist, and may this client see it?',
  10: "the limit is the topic's max.message.bytes (the broker's message.max.bytes)",
  19: "too few in-sync replicas: see the topic's min.insync.replicas, and whether brokers are down",
  87: 'the broker refuses the record itself: on a compacted topic every record needs a key',
}

function noAnswer(batch: Batch, broker: string): ProtocolError {
  const { topic, partition } = batch
  return new ProtocolError({
    code: 'MISSING_ANSWER',
    message: `broker ${broker} answered without a word on ${topic} [${partition}]`,
    retriable: true,
    at: { api: 'Produce', broker, topic, partition },
  })
}

function fatal(error: BrokerError): KafkaError {
  const { code, message, at } = error
  return new KafkaError({ code, message, at, fatal: true, cause: error })
}

function asKafkaError(error: Error): KafkaError {
  if (error instanceof KafkaError) return error
  return new KafkaError({
    code: 'REQUEST_FAILED',
    message: error.message,
    retriable: true,
    cause: error,
  })
}
