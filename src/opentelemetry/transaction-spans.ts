import {
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { EventSource } from '../events.ts'
import type { Operation } from '../operations.ts'
import { clientAttributes, endSpan } from './attributes.ts'

interface OpenTransaction {
  readonly span: Span
  readonly inside: Context
  /** The span in which the transaction was begun, if there was one. */
  readonly outer: Span | undefined
}

/** A span for each transaction, from its begin to its commit or abort. */
export class TransactionSpans {
  readonly #tracer: Tracer
  /** By the number of the producer: it has one transaction at a time. */
  readonly #open = new Map<number, OpenTransaction>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  begin(operation: Operation<'transaction'>): void {
    const { source, transactionalId } = operation.facts
    const ambient = context.active()
    const attributes = {
      'messaging.system': 'kafka',
      ...clientAttributes(source),
      'posthaste.transactional.id': transactionalId,
    }
    const options = { kind: SpanKind.INTERNAL, attributes }
    const span = this.#tracer.startSpan('transaction', options, ambient)
    const inside = trace.setSpan(ambient, span)
    this.#open.set(source.instance, { span, inside, outer: trace.getSpan(ambient) })
    operation.attend({
      around: work => context.with(inside, work),
      ended: ({ end, error }) => {
        this.#open.delete(source.instance)
        span.addEvent(end)
        span.setAttribute('posthaste.transaction.outcome', end)
        endSpan(span, error)
      },
    })
  }

  /** Where the open transaction of a producer is, if it has one. */
  contextOf({ instance }: EventSource): Context | undefined {
    return this.#open.get(instance)?.inside
  }

  /**
   * Where something that a producer does belongs: to the caller's own span, and where the caller
   * has begun none since the transaction's begin, to the transaction.
   */
  placeOf({ instance }: EventSource, ambient: Context): { parent: Context; links: Link[] } {
    const open = this.#open.get(instance)
    const active = trace.getSpan(ambient)
    if (!open || active === open.span) return { parent: ambient, links: [] }
    if (!active || active === open.outer) {
      return { parent: trace.setSpan(ambient, open.span), links: [] }
    }
    return { parent: ambient, links: [{ context: open.span.spanContext() }] }
  }
}
