import {
  type Context,
  context,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { Operation, OperationFacts, StoredAt } from '../operations.ts'
import {
  clientAttributes,
  DESTINATION,
  endSpan,
  keyAttributes,
  MESSAGES,
  OFFSET,
  operationAttributes,
  PARTITION,
  serverAttributes,
  TOMBSTONE,
} from './attributes.ts'
import type { Propagation } from './propagation.ts'
import type { TransactionSpans } from './transaction-spans.ts'

export interface ProducerSpansOptions {
  /** Whether each record has a span; without, it only carries the context it was produced in. */
  readonly recordSpans: boolean
  readonly maxLinks: number
}

/**
 * `send` spans, one for each record, whose context travels in its headers; `publish` spans, one for
 * each try to get a batch to its broker, linked to those of its records.
 */
export class ProducerSpans {
  readonly #tracer: Tracer
  readonly #propagation: Propagation
  readonly #transactions: TransactionSpans
  readonly #options: ProducerSpansOptions
  readonly #sends = new WeakMap<Operation<'produce'>, Span>()

  constructor(
    tracer: Tracer,
    propagation: Propagation,
    transactions: TransactionSpans,
    options: ProducerSpansOptions,
  ) {
    this.#tracer = tracer
    this.#propagation = propagation
    this.#transactions = transactions
    this.#options = options
  }

  produce(operation: Operation<'produce'>): void {
    const { facts } = operation
    const ambient = context.active()
    const origin = this.#propagation.origin(facts.headers)
    const around = <Result>(work: () => Result) => context.with(ambient, work)
    if (!this.#options.recordSpans) {
      if (!origin) this.#propagation.inject(ambient, facts)
      operation.attend({ around })
      return
    }
    const { parent, links } = this.#transactions.placeOf(facts.source, ambient)
    // A record that is passed on keeps the context of where it was made, which we only link to.
    if (origin) links.push({ context: origin })
    const span = this.#tracer.startSpan(`send ${facts.topic}`, sendOptions(facts, links), parent)
    if (!origin) this.#propagation.inject(trace.setSpan(parent, span), facts)
    this.#sends.set(operation, span)
    operation.attend({
      around,
      ended: ({ error, stored }) => {
        if (stored) span.setAttributes(storedAttributes(stored))
        endSpan(span, error)
      },
    })
  }

  publish(operation: Operation<'publish'>): void {
    const { source, topic, partition, records, attempt, broker, produced } = operation.facts
    const spans = produced.map(each => this.#sends.get(each)?.spanContext()).filter(isSampled)
    // Of records that nobody follows nobody wants to know how they travelled.
    const [first] = spans
    if (!first) return
    const links = spans.slice(0, this.#options.maxLinks).map(each => ({ context: each }))
    const attributes = {
      ...operationAttributes('publish', 'send'),
      ...clientAttributes(source),
      ...serverAttributes(broker),
      [DESTINATION]: topic,
      [PARTITION]: String(partition),
      [MESSAGES]: records,
      ...(attempt > 1 && { 'posthaste.attempt': attempt }),
    }
    const span = this.#tracer.startSpan(
      `publish ${topic}`,
      { kind: SpanKind.CLIENT, links, attributes },
      this.#publishParent(operation, first, spans.length),
    )
    operation.attend({
      ended: ({ error, baseOffset = -1 }) => {
        if (baseOffset >= 0) span.setAttribute(OFFSET, baseOffset)
        endSpan(span, error)
      },
    })
  }

  /** A batch belongs to its transaction, to its only record, or else to nobody. */
  #publishParent({ facts }: Operation<'publish'>, first: SpanContext, spans: number): Context {
    const transaction = this.#transactions.contextOf(facts.source)
    if (transaction) return transaction
    const root = context.active()
    if (spans === 1 && facts.records === 1) return trace.setSpanContext(root, first)
    return trace.deleteSpan(root)
  }
}

function sendOptions(facts: OperationFacts<'produce'>, links: Link[]) {
  const { source, topic, partition, key, isTombstone } = facts
  const attributes = {
    ...operationAttributes('send', 'send'),
    ...clientAttributes(source),
    ...keyAttributes(key),
    [DESTINATION]: topic,
    ...(partition !== undefined && { [PARTITION]: String(partition) }),
    ...(isTombstone && { [TOMBSTONE]: true }),
  }
  return { kind: SpanKind.PRODUCER, links, attributes }
}

function storedAttributes({ partition, offset }: StoredAt) {
  return { [PARTITION]: String(partition), ...(offset >= 0 && { [OFFSET]: offset }) }
}

function isSampled(found: SpanContext | undefined): found is SpanContext {
  return found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0
}
