import { context, type SpanContext, type TextMapPropagator, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { type InstrumentOptions, instrument } from '../../src/opentelemetry/index.ts'
import { waitFor } from '../support/wait.ts'

/** OpenTelemetry's own SDK, keeping spans in memory, and our clients instrumented for it. */
export class Traces {
  readonly exporter = new InMemorySpanExporter()
  readonly propagator: TextMapPropagator = new W3CTraceContextPropagator()
  /** For the program's own spans. */
  readonly tracer: Tracer
  readonly #stop: () => void

  constructor(options: InstrumentOptions & { readonly sampler?: Sampler } = {}) {
    const { sampler = new AlwaysOnSampler(), ...rest } = options
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const spanProcessors = [new SimpleSpanProcessor(this.exporter)]
    const tracerProvider = new BasicTracerProvider({ sampler, spanProcessors })
    this.tracer = tracerProvider.getTracer('the program')
    const { propagator } = this
    this.#stop = instrument({ tracerProvider, meterProvider: null, propagator, ...rest })
  }

  get spans(): ReadableSpan[] {
    return this.exporter.getFinishedSpans()
  }

  /** Spans of that name, in the order in which they ended. */
  named(name: string): ReadableSpan[] {
    return this.spans.filter(span => span.name === name)
  }

  one(name: string): ReadableSpan {
    const [found, ...others] = this.named(name)
    if (!found || others.length > 0) {
      throw new Error(`${others.length + (found ? 1 : 0)} spans of ${name}: ${this.names()}`)
    }
    return found
  }

  names(): string {
    return this.spans.map(span => span.name).join(', ')
  }

  /** Waits until so many of that name have ended. */
  async ended(name: string, count = 1): Promise<ReadableSpan[]> {
    await waitFor(`${count} of ${name}`, () => this.named(name).length >= count)
    return this.named(name)
  }

  [Symbol.dispose](): void {
    this.#stop()
    context.disable()
  }
}

export const idOf = (span: ReadableSpan) => span.spanContext().spanId
export const traceOf = (span: ReadableSpan) => span.spanContext().traceId
export const linksOf = (span: ReadableSpan) => span.links.map(link => link.context.spanId)
export const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId

/** As W3C writes it. */
export function traceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags}`
}
