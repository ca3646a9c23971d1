import {
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type {
  BatchInWork,
  MessageInWork,
  Operation,
  OperationFacts,
  OperationOutcome,
} from '../operations.ts'
import {
  clientAttributes,
  DESTINATION,
  endSpan,
  groupAttributes,
  keyAttributes,
  MESSAGES,
  OFFSET,
  operationAttributes,
  PARTITION,
  TOMBSTONE,
} from './attributes.ts'
import { noteContext } from './context-of.ts'
import type { Propagation } from './propagation.ts'

/**
 * `process` spans around the program's work on a message or a batch, `poll` spans of loops over
 * batches, and `commit` spans. Each links to where its messages were made.
 */
export class ConsumerSpans {
  readonly #tracer: Tracer
  readonly #propagation: Propagation
  readonly #maxLinks: number

  constructor(tracer: Tracer, propagation: Propagation, maxLinks: number) {
    this.#tracer = tracer
    this.#propagation = propagation
    this.#maxLinks = maxLinks
  }

  process(operation: Operation<'process'>): void {
    const { facts } = operation
    const ambient = context.active()
    const { work } = facts
    if ('message' in work) {
      const parent = this.#parentOf(work.message, ambient)
      this.#work(operation, work.message, messageOptions(facts, work.message), parent)
    } else this.#work(operation, work.batch, batchOptions(facts, work.batch), ambient)
  }

  receive({ facts }: Operation<'receive'>): void {
    const { source, group, batch, askedAt } = facts
    const attributes = {
      ...operationAttributes('poll', 'receive'),
      ...clientAttributes(source),
      ...groupAttributes(group),
      ...batchAttributes(batch),
    }
    const links = this.#linksTo(batch)
    const options = { kind: SpanKind.CLIENT, attributes, links, startTime: askedAt }
    this.#tracer.startSpan(`poll ${batch.topic}`, options).end()
  }

  commit(operation: Operation<'commit'>): void {
    const { source, group, offsets } = operation.facts
    const topics = new Set(offsets.map(({ topic }) => topic))
    const [first] = offsets
    const attributes = {
      ...operationAttributes('commit', 'settle'),
      ...clientAttributes(source),
      ...groupAttributes(group),
      ...(topics.size === 1 && first && { [DESTINATION]: first.topic }),
      ...(offsets.length === 1 &&
        first && { [PARTITION]: String(first.partition), [OFFSET]: first.offset }),
    }
    const name = topics.size === 1 && first ? `commit ${first.topic}` : 'commit'
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes })
    operation.attend({ ended: ({ error }) => endSpan(span, error) })
  }

  #work(
    operation: Operation<'process'>,
    subject: MessageInWork | BatchInWork,
    options: SpanOptions,
    parent: Context,
  ): void {
    const links = 'offset' in subject ? this.#linksTo([subject]) : this.#linksTo(subject)
    const ambient = trace.getSpanContext(context.active())
    // In the scope of another span, which is not the parent, that one is linked, too.
    const isElsewhere = ambient && trace.getSpanContext(parent)?.spanId !== ambient.spanId
    if (isElsewhere) links.push({ context: ambient })
    const span = this.#tracer.startSpan(`process ${subject.topic}`, { ...options, links }, parent)
    const inside = trace.setSpan(parent, span)
    noteContext(subject, inside)
    operation.attend({
      around: call => context.with(inside, call),
      ended: outcome => endProcess(span, outcome),
    })
  }

  /**
   * Where a message was made, so that both ends are one trace; but in the scope of another span
   * the work belongs to that, by the conventions, and is only linked. Baggage comes along.
   */
  #parentOf(message: MessageInWork, ambient: Context): Context {
    const remote = this.#propagation.extract(ambient, headersOf(message))
    const active = trace.getSpan(ambient)
    return active ? trace.setSpan(remote, active) : remote
  }

  /** To where messages were made, each place once, up to the limit. */
  #linksTo(messages: Iterable<MessageInWork>): Link[] {
    const links = new Map<string, Link>()
    for (const message of whole(messages)) {
      if (links.size >= this.#maxLinks) break
      const origin = this.#propagation.origin(headersOf(message))
      if (origin) links.set(`${origin.traceId} ${origin.spanId}`, { context: origin })
    }
    return [...links.values()]
  }
}

/** A message's headers are looked for where they are looked at, and may not be whole then. */
function headersOf(message: MessageInWork): MessageInWork['headers'] {
  try {
    return message.headers
  } catch {
    return []
  }
}

/** The messages of a batch before one that is not whole: who works on it will hear of that. */
function* whole(messages: Iterable<MessageInWork>): Generator<MessageInWork> {
  try {
    yield* messages
  } catch {}
}

function endProcess(span: Span, { error, isLeft }: OperationOutcome<'process'>): void {
  if (isLeft) span.addEvent('left')
  endSpan(span, error)
}

function processAttributes({ source, group, attempt }: OperationFacts<'process'>) {
  return {
    ...operationAttributes('process', 'process'),
    ...clientAttributes(source),
    ...groupAttributes(group),
    ...(attempt > 1 && { 'posthaste.attempt': attempt }),
  }
}

function messageOptions(facts: OperationFacts<'process'>, message: MessageInWork): SpanOptions {
  const { topic, partition, offset, rawKey, rawValue } = message
  const attributes = {
    ...processAttributes(facts),
    ...keyAttributes(rawKey ?? undefined),
    [DESTINATION]: topic,
    [PARTITION]: String(partition),
    [OFFSET]: offset,
    ...(rawValue === null && { [TOMBSTONE]: true }),
  }
  return { kind: SpanKind.CONSUMER, attributes }
}

function batchOptions(facts: OperationFacts<'process'>, batch: BatchInWork): SpanOptions {
  const attributes = { ...processAttributes(facts), ...batchAttributes(batch) }
  return { kind: SpanKind.CONSUMER, attributes }
}

function batchAttributes({ topic, partition, count }: BatchInWork) {
  return { [DESTINATION]: topic, [PARTITION]: String(partition), [MESSAGES]: count }
}
