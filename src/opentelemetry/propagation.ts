import {
  type Context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api'
import type { OperationHeader } from '../operations.ts'

/** A record's headers as they are, and where to put more. */
export interface HeaderCarrier {
  readonly headers: readonly OperationHeader[]
  addHeader(key: string, value: string): void
}

const getter: TextMapGetter<readonly OperationHeader[]> = {
  keys: headers => headers.map(({ key }) => key),
  get(headers, key) {
    const value = headers.findLast(header => header.key === key)?.value ?? undefined
    return value instanceof Uint8Array ? Buffer.from(value).toString() : value
  },
}

/** What the program wrote itself stays as it is. */
const setter: TextMapSetter<HeaderCarrier> = {
  set(carrier, key, value) {
    if (!carrier.headers.some(header => header.key === key)) carrier.addHeader(key, value)
  },
}

/** Carries contexts in headers, by the propagator that is given or the global one. */
export class Propagation {
  readonly #propagator: Pick<TextMapPropagator, 'inject' | 'extract'>

  constructor(propagator: TextMapPropagator | undefined) {
    this.#propagator = propagator ?? {
      inject: (context, carrier, set) => propagation.inject(context, carrier, set),
      extract: (context, carrier, get) => propagation.extract(context, carrier, get),
    }
  }

  inject(context: Context, carrier: HeaderCarrier): void {
    this.#propagator.inject(context, carrier, setter)
  }

  /** `base` with what the headers carry: the span where the record was made, and baggage. */
  extract(base: Context, headers: readonly OperationHeader[]): Context {
    return headers.length === 0 ? base : this.#propagator.extract(base, headers, getter)
  }

  /** The span where a record was made, if its headers tell. */
  origin(headers: readonly OperationHeader[]): SpanContext | undefined {
    if (headers.length === 0) return undefined
    const found = trace.getSpanContext(this.extract(ROOT_CONTEXT, headers))
    return found && isSpanContextValid(found) ? found : undefined
  }
}
