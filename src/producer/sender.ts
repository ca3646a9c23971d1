import type { Timer } from '../base/clock.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { asError, KafkaError, TimeoutError } from '../errors.ts'
import type { Connection } from '../net/connection.ts'
import { beginOperation, tapOperation } from '../operations.ts'
import { Produce } from '../protocol/index.ts'
import type { Accumulator, Topic } from './accumulator.ts'
import type { Batch } from './batch.ts'
import type { ProducerIdentity } from './identity.ts'
import { type Judge, NO_ANSWER } from './judge.ts'
import { Leaders, type Search } from './leaders.ts'
import type { ProducerConfig } from './options.ts'
import { type PartitionQueue, sequenceAfter } from './partition-queue.ts'
import { answersOf, type Flight, produceRequest } from './produce-request.ts'
import type { Settlement } from './settlement.ts'
import type { Statistics } from './statistics.ts'
import type { Transaction } from './transaction.ts'
import { Watched } from './watched.ts'

/** A pass over the queues finds what to send to whom, and when to look again. */
interface Pass extends Search {
  readonly loads: Map<Connection, Load>
}

interface Load {
  readonly flights: Flight[]
  bytes: number
}

export interface SenderParts {
  readonly cluster: Cluster
  readonly config: ProducerConfig
  readonly accumulator: Accumulator
  readonly identity: ProducerIdentity | undefined
  readonly transaction: Transaction | undefined
  readonly settlement: Settlement
  readonly judge: Judge
  readonly statistics: Statistics
  /** A broker asked for silence (KIP-219). */
  throttled(event: ThrottleEvent): void
}

/** A broker asks for silence: for how long, in milliseconds. */
export interface ThrottleEvent {
  readonly broker: string
  readonly throttleMs: number
}

const publishing = tapOperation('publish')
const BACKOFF_FLOOR_MS = 1
/** INVALID_TOPIC_EXCEPTION and TOPIC_AUTHORIZATION_FAILED: no waiting makes them go away. */
const hopeless = new Set([17, 29])

/**
 * The loop that empties the accumulator. Whatever happens (a batch opened or filled, an answer, new
 * metadata, a connection, a timer) only calls `wake`; one pass per turn of the event loop then
 * looks at everything and does what is due, so that no event can be missed and none acts twice.
 */
export class Sender {
  readonly #parts: SenderParts
  /** Produce requests without an answer, by connection. */
  readonly #inFlight = new Map<Connection, number>()
  readonly #leaders: Leaders
  #awake = false
  #closed = false
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY
  /** Whether the timer keeps the process alive. */
  #timerHolds = true
  #expiryAt = 0
  #knowsMore = true

  constructor(parts: SenderParts) {
    this.#parts = parts
    this.#leaders = new Leaders(parts.cluster, parts.config)
  }

  wake(): void {
    if (this.#awake || this.#closed) return
    this.#awake = true
    this.#parts.cluster.clock.soon(() => this.#pass())
  }

  /** Something was learnt of the cluster. */
  learnt(): void {
    this.#knowsMore = true
    this.wake()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
  }

  get requestsInFlight(): number {
    let sum = 0
    for (const count of this.#inFlight.values()) sum += count
    return sum
  }

  #pass(): void {
    this.#awake = false
    if (this.#closed) return
    const { accumulator, identity, cluster } = this.#parts
    const now = cluster.clock.now()
    const pass: Pass = { now, loads: new Map(), lookAgainAt: Infinity, needsMetadata: false }
    this.#serveWanted(pass)
    if (now >= this.#expiryAt) this.#expire(now)
    const mayProduce = !identity || identity.current !== undefined
    if (identity?.refusal) this.abandon(identity.refusal)
    this.#failRefused()
    let sent = mayProduce && this.#sendRound(pass)
    while (sent) sent = this.#sendRound(pass)
    if (!mayProduce) this.#watchDeadlines()
    if (pass.needsMetadata && accumulator.records > 0) this.#refresh()
    this.#setTimer(Math.min(pass.lookAgainAt, this.#expiryAt), now)
  }

  /** Gives every queue its chance once, and sends what came together. True if anything was sent. */
  #sendRound(pass: Pass): boolean {
    pass.loads.clear()
    this.#leaders.forget()
    this.#expiryAt = Number.POSITIVE_INFINITY
    const { active } = this.#parts.accumulator
    const served: PartitionQueue[] = []
    let leftOut = false
    for (const queue of active) {
      if (queue.isEmpty) {
        active.delete(queue)
        continue
      }
      if (queue.broken && queue.inFlight.length === 0) this.#renumber(queue)
      this.#noteDeadline(queue)
      const outcome = this.#load(queue, pass)
      if (outcome === 'loaded') served.push(queue)
      if (outcome === 'full') leftOut = true
    }
    this.#noteWantedDeadlines()
    // Whoever did not fit goes first next time.
    if (leftOut) for (const queue of served) active.delete(queue)
    if (leftOut) for (const queue of served) active.add(queue)
    for (const [connection, { flights }] of pass.loads) this.#send(connection, flights)
    return served.length > 0
  }

  /** Puts the batch of a queue that is due on its leader's load, if it can go now. */
  #load(queue: PartitionQueue, pass: Pass): 'loaded' | 'full' | 'no' {
    const { config, transaction } = this.#parts
    if (transaction && !transaction.mayProduceTo(queue.topic, queue.partition)) return 'no'
    const connection = this.#leaders.of(queue, pass)
    if (!connection) return 'no'
    const flying = this.#inFlight.get(connection) ?? 0
    if (flying >= config.maxInFlightRequestsPerConnection) return 'no'
    if (connection.throttledUntil > pass.now) {
      pass.lookAgainAt = Math.min(pass.lookAgainAt, connection.throttledUntil)
      return 'no'
    }
    const batch = this.#dueBatch(queue, flying, pass)
    if (!batch) return 'no'
    const load = pass.loads.get(connection) ?? { flights: [], bytes: 0 }
    if (load.flights.length > 0 && load.bytes + batch.size > config.maxRequestSize) return 'full'
    load.flights.push({ queue, batch })
    load.bytes += batch.size
    pass.loads.set(connection, load)
    return 'loaded'
  }

  /** The batch that may go now; the open one is closed for it when it has waited enough. */
  #dueBatch(queue: PartitionQueue, flying: number, pass: Pass): Batch | undefined {
    const { accumulator, config } = this.#parts
    const { open } = queue
    if (open && queue.waiting.length === 0 && !queue.broken) {
      const idle = config.adaptiveLinger && flying === 0
      const crowded = accumulator.memory.isPastHighWater || accumulator.memory.hasWaiters
      if (idle || crowded || open.dueAt <= pass.now) accumulator.close(queue)
      else pass.lookAgainAt = Math.min(pass.lookAgainAt, open.dueAt)
    }
    const head = queue.waiting[0]
    if (head && head.retryAt > pass.now) {
      pass.lookAgainAt = Math.min(pass.lookAgainAt, head.retryAt)
    }
    return queue.sendable(pass.now)
  }

  #send(connection: Connection, flights: readonly Flight[]): void {
    const { cluster, config, statistics } = this.#parts
    const leftAt = cluster.clock.now()
    for (const { queue, batch } of flights) {
      this.#number(queue, batch)
      queue.takeOff(batch)
      batch.sends++
      batch.sentAt ??= leftAt
      batch.move('inFlight')
      statistics.sent(connection.name, batch)
      if (publishing.hasSubscribers) this.#attend(batch)
    }
    const { request, maxVersion, inOrder } = produceRequest(flights, config, cluster)
    this.#inFlight.set(connection, (this.#inFlight.get(connection) ?? 0) + 1)
    if (cluster.publisher.heard('produce:sent')) this.#tellSent(connection, flights)
    const silent = config.acks === '0'
    const sentAt = cluster.clock.now()
    connection
      .send(Produce, request, { maxVersion, silent })
      .then(
        answer => {
          const throttleMs = silent ? 0 : answer.throttleTimeMs
          statistics.answered(connection.name, cluster.clock.now() - sentAt, throttleMs)
          if (throttleMs > 0) this.#parts.throttled({ broker: connection.name, throttleMs })
          this.#answered(connection, inOrder, silent ? undefined : answer)
        },
        error => {
          statistics.broke(connection.name)
          this.#broke(flights, asError(error))
        },
      )
      .finally(() => this.#landed(connection))
  }

  /** Lets tools take part in a try to get a batch to its broker. */
  #attend(batch: Batch): void {
    const { topic, partition, count: records, sends: attempt, tracked = [] } = batch
    const { publisher, view } = this.#parts.cluster
    const { source } = publisher
    const broker = view.brokers.get(view.partition(topic, partition)?.leader ?? -1)
    const produced = tracked.flatMap(each => (each instanceof Watched ? each.operation : []))
    const facts = { source, topic, partition, records, attempt, broker, produced }
    batch.publishing = beginOperation('publish', facts)
  }

  #tellSent(connection: Connection, flights: readonly Flight[]): void {
    this.#parts.cluster.publisher.publish('produce:sent', {
      broker: connection.name,
      batches: flights.map(({ batch }) => batch.id),
      records: flights.reduce((sum, { batch }) => sum + batch.count, 0),
      bytes: flights.reduce((sum, { batch }) => sum + batch.size, 0),
      inFlight: this.#inFlight.get(connection) ?? 0,
    })
  }

  #answered(
    connection: Connection,
    flights: readonly Flight[],
    answer: Parameters<typeof answersOf>[1] | undefined,
  ): void {
    const { judge, cluster } = this.#parts
    if (!answer) {
      for (const flight of flights) judge.sentSilently(flight)
      return
    }
    const answers = answersOf(flights, answer, cluster.view)
    let at = 0
    for (const flight of flights) {
      judge.answered(flight, answers[at++] ?? NO_ANSWER, answer.nodeEndpoints, connection.name)
    }
  }

  #broke(flights: readonly Flight[], error: Error): void {
    for (const flight of flights) this.#parts.judge.broke(flight, error)
  }

  #landed(connection: Connection): void {
    const left = (this.#inFlight.get(connection) ?? 1) - 1
    if (left > 0) this.#inFlight.set(connection, left)
    else this.#inFlight.delete(connection)
    this.wake()
  }

  /** Gives a batch its sequence, the first time it goes out; it keeps it whatever happens then. */
  #number(queue: PartitionQueue, batch: Batch): void {
    const id = this.#parts.identity?.current
    if (!id || batch.sequence) return
    const { producerId, producerEpoch } = id
    const { numbering } = queue
    const isCurrent =
      numbering?.producerId === producerId && numbering.producerEpoch === producerEpoch
    // While batches of the epoch before are on their way, the partition goes on in that epoch.
    if (!numbering || (!isCurrent && queue.inFlight.length === 0)) {
      queue.numbering = { producerId, producerEpoch, next: 0 }
    }
    const by = queue.numbering!
    batch.sequence = { producerId: by.producerId, producerEpoch: by.producerEpoch, base: by.next }
    by.next = sequenceAfter(by.next, batch.count)
  }

  /**
   * A sequence that can't go on (KIP-360): what may be in the log already fails as such, since
   * under a new epoch the broker could not tell it from something new; the rest begins again at 0.
   */
  #renumber(queue: PartitionQueue): void {
    const { identity, judge } = this.#parts
    const cause = queue.broken
    queue.broken = undefined
    for (const batch of [...queue.waiting]) {
      if (!batch.sequence) continue
      if (batch.maybePersisted) judge.giveUp(queue, batch, outOfSequence(cause))
      else batch.sequence = undefined
    }
    const { numbering } = queue
    queue.numbering = undefined
    const held = identity?.current
    if (held && numbering?.producerEpoch === held.producerEpoch) identity?.bump()
  }

  /** Learns of topics for which records wait, and asks for those that are not known. */
  #serveWanted(pass: Pass): void {
    const { accumulator, cluster } = this.#parts
    if (this.#knowsMore) {
      this.#knowsMore = false
      accumulator.learnAll(cluster.view.topics)
    }
    for (const topic of accumulator.wanted) {
      const info = cluster.use(topic.name)
      if (info) accumulator.learn(info)
      if (topic.waiting.length === 0 || this.#refuseHopeless(topic)) continue
      if (topic.askAgainAt <= pass.now) pass.needsMetadata = true
      else pass.lookAgainAt = Math.min(pass.lookAgainAt, topic.askAgainAt)
    }
  }

  /**
   * Fails what waits for a topic of which the brokers say what waiting can't change. Their word is
   * then forgotten, so that what is produced later asks anew: the right may have been granted.
   */
  #refuseHopeless(topic: Topic): boolean {
    const { accumulator, cluster, settlement } = this.#parts
    if (!hopeless.has(cluster.view.problems.get(topic.name) ?? 0)) return false
    const cause = cluster.whyUnknown(topic.name)
    if (!(cause instanceof KafkaError)) return false
    cluster.view.forget(topic.name)
    for (const entry of accumulator.expireWaiting(topic, Number.POSITIVE_INFINITY)) {
      settlement.refused(entry, cause)
    }
    return true
  }

  /** Asks for metadata; the answer, or the failure to get one, wakes this loop again. */
  #refresh(): void {
    this.#parts.cluster.refreshSoon()
  }

  #noteDeadline(queue: PartitionQueue): void {
    const flying = queue.inFlight.find(batch => batch.phase !== 'settled')
    const oldest = flying ?? queue.waiting[0] ?? queue.open
    if (oldest) this.#expiryAt = Math.min(this.#expiryAt, oldest.deadline)
  }

  #noteWantedDeadlines(): void {
    for (const { waiting } of this.#parts.accumulator.wanted) {
      if (waiting[0]) this.#expiryAt = Math.min(this.#expiryAt, waiting[0].deadline)
    }
  }

  #watchDeadlines(): void {
    this.#expiryAt = Number.POSITIVE_INFINITY
    for (const queue of this.#parts.accumulator.active) this.#noteDeadline(queue)
    this.#noteWantedDeadlines()
  }

  /** Fails what is past its deadline, wherever it is. */
  #expire(now: number): void {
    const { accumulator, judge, settlement } = this.#parts
    for (const queue of accumulator.active) {
      for (const batch of [...queue.batches()]) {
        if (batch.deadline > now) break
        judge.expired(queue, batch, this.#tooLate(batch.problem ?? this.#obstacle(queue)))
      }
    }
    for (const topic of accumulator.wanted) {
      for (const entry of accumulator.expireWaiting(topic, now)) {
        settlement.refused(entry, this.#tooLate(this.#noTopic(topic)))
      }
    }
  }

  /** Fails what is not on its way: the transaction for which it was produced is aborted. */
  dropUnsent(cause: KafkaError): void {
    const { accumulator, judge, settlement } = this.#parts
    for (const queue of accumulator.active) {
      for (const batch of [...queue.batches()]) {
        if (batch.phase !== 'inFlight') judge.giveUp(queue, batch, cause)
      }
    }
    for (const topic of accumulator.wanted) {
      for (const entry of accumulator.expireWaiting(topic, Number.POSITIVE_INFINITY)) {
        settlement.refused(entry, cause)
      }
    }
  }

  /**
   * Fails what waits when no broker accepts who we are: it would wait in vain. What is produced
   * after that makes us ask again.
   */
  #failRefused(): void {
    const { refusal } = this.#parts.cluster.brokers
    if (!refusal || this.#parts.accumulator.records === 0) return
    this.abandon(refusal)
    this.#refresh()
  }

  /** Fails everything that has no outcome yet. */
  abandon(cause: KafkaError): void {
    const { accumulator, judge, settlement } = this.#parts
    for (const queue of accumulator.active) {
      for (const batch of [...queue.batches()]) judge.giveUp(queue, batch, cause)
    }
    for (const topic of accumulator.wanted) {
      for (const entry of accumulator.expireWaiting(topic, Infinity)) {
        settlement.refused(entry, cause)
      }
    }
  }

  /** What keeps a queue from being sent, as far as it shows. */
  #obstacle({ topic, partition }: PartitionQueue): Error | undefined {
    const { view, brokers } = this.#parts.cluster
    const leader = view.partition(topic, partition)?.leader ?? -1
    if (leader >= 0) return brokers.problem(leader)
    return this.#parts.cluster.whyUnknown(topic)
  }

  #noTopic(topic: Topic): Error {
    return this.#parts.cluster.whyUnknown(topic.name)
  }

  #tooLate(last: Error | undefined): TimeoutError {
    const limit = this.#parts.config.deliveryTimeoutMs
    const why = last ? `: ${last.message}` : ''
    return new TimeoutError({
      code: last instanceof KafkaError ? last.code : 'DELIVERY_TIMED_OUT',
      message: `delivery.timeout.ms (${limit}) is over${why}`,
      retriable: true,
      cause: last,
    })
  }

  #setTimer(at: number, now: number): void {
    if (this.#timer && this.#timerAt <= at && this.#timerAt > now) return this.#holdTimer()
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAt = at
    if (at === Number.POSITIVE_INFINITY) return
    const wait = Math.max(at - now, BACKOFF_FLOOR_MS)
    this.#timer = this.#parts.cluster.clock.after(wait, () => {
      this.#timer = undefined
      this.wake()
    })
    this.#timerHolds = true
    this.#holdTimer()
  }

  /** The process is not to end before what it produced has its outcome, and may end then. */
  #holdTimer(): void {
    const holds = this.#parts.accumulator.records > 0
    if (holds === this.#timerHolds) return
    this.#timerHolds = holds
    if (holds) this.#timer?.ref()
    else this.#timer?.unref()
  }
}

function outOfSequence(cause: Error | undefined): KafkaError {
  return new KafkaError({
    code: cause instanceof KafkaError ? cause.code : 'OUT_OF_ORDER_SEQUENCE_NUMBER',
    message: 'the broker lost track of the sequence while the outcome was not known',
    cause,
  })
}
