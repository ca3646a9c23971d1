import type { PlainError, PlainEvent } from './plain-event.ts'

/** One producer as its events tell of it. */
export interface ProducerModel {
  readonly instance: number
  readonly name: string
  state: string
  transactionalId: string | undefined
  compression: string
  producerId: string | undefined
  producerEpoch: number | undefined
  transaction: string | undefined
  /** Records that are taken and have no outcome. */
  queued: number
  /** Requests that wait for their answer. */
  inFlight: number
  acknowledged: number
  failed: number
  /** Batches that were sent again. */
  retries: number
  /** `produce()` calls that found the buffer full. */
  refused: number
  /** `send()` calls that wait, or waited, for space. */
  waited: number
  /** Of the buffer, when it was last said. */
  bufferBytes: number
  bufferLimit: number
  readonly batches: Record<number, BatchModel>
  readonly requests: RequestModel[]
}

export interface BatchModel {
  readonly batch: number
  readonly topic: string
  readonly partition: number
  phase: string
  records: number
  /** As it will be sent. */
  bytes: number
  /** Before compression. */
  plainBytes: number
  baseSequence: number
  sends: number
  baseOffset: number
  keys: string[]
  problem: PlainError | undefined
}

/** A Produce request under way. */
export interface RequestModel {
  readonly broker: string
  batches: number[]
  readonly records: number
}

/** One consumer as its events tell of it. */
export interface ConsumerModel {
  readonly instance: number
  readonly name: string
  group: string
  state: string
  member: string
  generation: number
  /** `topic/partition` of those that it has. */
  share: string[]
  /** Records that the program got. */
  handed: number
  /** The offset of the next record to be handed out, the end of the log, what is committed. */
  readonly positions: Record<string, { at: number; end: number; committed: number }>
}

/** A partition's log, as far as it was heard of. */
export interface LogModel {
  readonly topic: string
  readonly partition: number
  end: number
  records: number
  bytes: number
  /** Batches that came a second time, and were not stored again. */
  duplicates: number
  /** The latest batches and markers, in order. */
  readonly entries: LogEntry[]
}

export interface LogEntry {
  readonly offset: number
  readonly records: number
  readonly is: 'batch' | 'commit' | 'abort'
  readonly producerId: string
  readonly baseSequence: number
}

/** All that the events tell of: who is there, and how things stand. */
export interface Model {
  readonly producers: Record<number, ProducerModel>
  readonly consumers: Record<number, ConsumerModel>
  readonly logs: Record<string, LogModel>
}

/** What is kept of what is over, so that a page that is open for a week does not grow. */
const SETTLED_KEPT = 12
const CLIENTS_KEPT = 24
const LOGS_KEPT = 400
const ENTRIES_KEPT = 40
const KEYS_KEPT = 24

export function emptyModel(): Model {
  return { producers: {}, consumers: {}, logs: {} }
}

export const slotOf = (at: { readonly topic: string; readonly partition: number }): string =>
  `${at.topic}/${at.partition}`

/** Takes an event into the model; one that says nothing of it changes nothing. */
export function take(model: Model, event: PlainEvent): void {
  if (event.name.startsWith('broker:')) takeBroker(model, event)
  else if (isOfConsumer(event)) takeConsumer(consumerOf(model, event), event, model)
  else if (isOfProducer(event)) takeProducer(producerOf(model, event), event)
}

const consumerKinds = /^(group|share|partition|fetch|records|offsets):/
const producerKinds = /^(producer|record|batch|produce|flush|identity|transaction|buffer):/
const isOfConsumer = ({ name }: PlainEvent) => consumerKinds.test(name)
const isOfProducer = ({ name }: PlainEvent) => producerKinds.test(name)

function producerOf({ producers }: Model, { source }: PlainEvent): ProducerModel {
  const known = producers[source.instance]
  if (known) return known
  forgetClosed(producers, producer => producer.state === 'closed')
  const made: ProducerModel = {
    instance: source.instance,
    name: source.clientId,
    state: 'open',
    transactionalId: undefined,
    compression: 'none',
    producerId: undefined,
    producerEpoch: undefined,
    transaction: undefined,
    queued: 0,
    inFlight: 0,
    acknowledged: 0,
    failed: 0,
    retries: 0,
    refused: 0,
    waited: 0,
    bufferBytes: 0,
    bufferLimit: 0,
    batches: {},
    requests: [],
  }
  producers[source.instance] = made
  return made
}

function consumerOf({ consumers }: Model, { source }: PlainEvent): ConsumerModel {
  const known = consumers[source.instance]
  if (known) return known
  forgetClosed(consumers, consumer => consumer.state === 'left')
  const made: ConsumerModel = {
    instance: source.instance,
    name: source.clientId,
    group: '',
    state: 'reading',
    member: '',
    generation: -1,
    share: [],
    handed: 0,
    positions: {},
  }
  consumers[source.instance] = made
  return made
}

/** Makes room for one more: the oldest that is over goes, or simply the oldest. */
function forgetClosed<T>(clients: Record<number, T>, isOver: (client: T) => boolean): void {
  const all = Object.entries(clients)
  if (all.length < CLIENTS_KEPT) return
  const [oldest] = all.find(([, client]) => isOver(client)) ?? all[0]!
  delete clients[Number(oldest)]
}

function takeProducer(producer: ProducerModel, event: PlainEvent): void {
  switch (event.name) {
    case 'producer:opened':
      producer.bufferLimit = event.bufferMemory
      producer.compression = event.compression
      producer.transactionalId = event.transactionalId
      if (event.transactionalId !== undefined) producer.transaction = 'new'
      return
    case 'producer:moved':
      producer.state = event.to
      return
    case 'identity:moved':
      return identified(producer, event)
    case 'transaction:moved':
      producer.transaction = event.to
      return identified(producer, event)
    case 'buffer:full':
      if (event.then === 'refused') producer.refused++
      else producer.waited++
      return fills(producer, event)
    case 'buffer:drained':
      return fills(producer, event)
    case 'produce:sent':
      producer.inFlight++
      producer.requests.push({
        broker: event.broker,
        batches: [...event.batches],
        records: event.records,
      })
      return
    default:
      takeBatch(producer, event)
  }
}

function identified(
  producer: ProducerModel,
  event: { readonly producerId?: string; readonly producerEpoch?: number },
): void {
  producer.producerId = event.producerId ?? producer.producerId
  producer.producerEpoch = event.producerEpoch ?? producer.producerEpoch
}

function fills(
  producer: ProducerModel,
  { bytes, limit }: { readonly bytes: number; readonly limit: number },
): void {
  producer.bufferBytes = bytes
  producer.bufferLimit = limit
}

function takeBatch(producer: ProducerModel, event: PlainEvent): void {
  switch (event.name) {
    case 'record:waiting':
      producer.queued = event.queued
      return
    case 'batch:opened':
      batchOf(producer, event)
      return
    case 'record:appended': {
      const batch = batchOf(producer, { ...event, records: 0, bytes: 0, baseSequence: -1 })
      batch.records = event.batchRecords
      batch.bytes = event.batchBytes
      batch.plainBytes = event.batchBytes
      if (batch.keys.length < KEYS_KEPT) batch.keys.push(event.key ?? '')
      producer.queued = event.queued
      return
    }
    case 'batch:moved':
      return moved(producer, event)
    case 'batch:settled':
      return settled(producer, event)
    case 'batch:split':
      landed(producer, event.batch)
      delete producer.batches[event.batch]
      return
  }
}

interface BatchFacts {
  readonly batch: number
  readonly topic: string
  readonly partition: number
  readonly records: number
  readonly bytes: number
  readonly baseSequence: number
}

function batchOf(producer: ProducerModel, facts: BatchFacts): BatchModel {
  const known = producer.batches[facts.batch]
  if (known) return known
  const { batch, topic, partition, records, bytes, baseSequence } = facts
  const made: BatchModel = {
    batch,
    topic,
    partition,
    phase: 'open',
    records,
    bytes,
    plainBytes: bytes,
    baseSequence,
    sends: 0,
    baseOffset: -1,
    keys: [],
    problem: undefined,
  }
  producer.batches[batch] = made
  return made
}

type Moved = Extract<PlainEvent, { name: 'batch:moved' }>
type Settled = Extract<PlainEvent, { name: 'batch:settled' }>

function moved(producer: ProducerModel, event: Moved): void {
  const batch = batchOf(producer, event)
  batch.phase = event.to
  batch.records = event.records
  batch.bytes = event.bytes
  batch.plainBytes = event.plainBytes
  batch.baseSequence = event.baseSequence
  batch.sends = event.sends
  batch.problem = event.cause
  if (event.to === 'inFlight' && event.sends > 1) producer.retries++
  if (event.from === 'inFlight') landed(producer, event.batch)
}

function settled(producer: ProducerModel, event: Settled): void {
  const batch = batchOf(producer, event)
  batch.phase = event.error ? 'failed' : 'delivered'
  batch.baseOffset = event.baseOffset
  batch.problem = event.error
  producer.queued = Math.max(0, producer.queued - event.records)
  if (event.error) producer.failed += event.records
  else producer.acknowledged += event.records
  landed(producer, event.batch)
  const over = Object.values(producer.batches).filter(isOver)
  for (const { batch: id } of over.slice(0, -SETTLED_KEPT)) delete producer.batches[id]
}

const isOver = ({ phase }: BatchModel) => phase === 'delivered' || phase === 'failed'

/** The answer to a batch came: when all of a request have theirs, the request is over. */
function landed(producer: ProducerModel, batch: number): void {
  const at = producer.requests.findIndex(({ batches }) => batches.includes(batch))
  const request = producer.requests[at]
  if (!request) return
  request.batches = request.batches.filter(each => each !== batch)
  if (request.batches.length > 0) return
  producer.requests.splice(at, 1)
  producer.inFlight--
}

function takeConsumer(consumer: ConsumerModel, event: PlainEvent, model: Model): void {
  switch (event.name) {
    case 'group:moved':
      consumer.group = event.group
      consumer.state = event.to
      return
    case 'share:changed':
      return shared(consumer, event)
    case 'partition:moved':
      if (event.to === 'released') delete consumer.positions[slotOf(event)]
      else if (consumer.group === '') positionIn(consumer, slotOf(event))
      return
    case 'fetch:received': {
      positionIn(consumer, slotOf(event)).end = event.highWatermark
      const log = logOf(model, event)
      log.end = Math.max(log.end, event.highWatermark)
      return
    }
    case 'records:handed':
      positionIn(consumer, slotOf(event)).at = event.nextOffset
      consumer.handed += event.records
      return
    case 'offsets:committed':
      for (const each of event.offsets) positionIn(consumer, slotOf(each)).committed = each.offset
      return
  }
}

function shared(consumer: ConsumerModel, event: Extract<PlainEvent, { name: 'share:changed' }>) {
  consumer.share = event.owned.map(slotOf).sort()
  consumer.group = event.group
  consumer.member = event.member
  consumer.generation = event.generation
}

function positionIn({ positions }: ConsumerModel, slot: string) {
  positions[slot] ??= { at: -1, end: -1, committed: -1 }
  return positions[slot]
}

function logOf({ logs }: Model, at: { readonly topic: string; readonly partition: number }) {
  const slot = slotOf(at)
  const known = logs[slot]
  if (known) return known
  const { topic, partition } = at
  const made: LogModel = {
    topic,
    partition,
    end: 0,
    records: 0,
    bytes: 0,
    duplicates: 0,
    entries: [],
  }
  const slots = Object.keys(logs)
  if (slots.length >= LOGS_KEPT) delete logs[slots[0]!]
  logs[slot] = made
  return made
}

function takeBroker(model: Model, event: PlainEvent): void {
  switch (event.name) {
    case 'broker:appended': {
      const log = logOf(model, event)
      if (event.outcome === 'duplicate') log.duplicates++
      if (event.outcome !== 'appended') return
      const { baseOffset: offset, records, bytes, producerId, baseSequence } = event
      log.records += records
      log.bytes += bytes
      return stored(log, { offset, records, is: 'batch', producerId, baseSequence })
    }
    case 'broker:marked': {
      const { offset, producerId } = event
      const is = event.committed ? 'commit' : 'abort'
      return stored(logOf(model, event), { offset, records: 1, is, producerId, baseSequence: -1 })
    }
  }
}

function stored(log: LogModel, entry: LogEntry): void {
  log.end = Math.max(log.end, entry.offset + entry.records)
  log.entries.push(entry)
  if (log.entries.length > ENTRIES_KEPT) log.entries.shift()
}
