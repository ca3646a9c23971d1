import {
  type MeterProvider,
  metrics,
  type TextMapPropagator,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { ConfigError } from '../errors.ts'
import { listenToOperation } from '../operations.ts'
import { version } from '../version.ts'
import { ConsumerSpans } from './consumer-spans.ts'
import { startConventionalMeters } from './conventional-meters.ts'
import { startMeters } from './meters.ts'
import { ProducerSpans } from './producer-spans.ts'
import { Propagation } from './propagation.ts'
import { TransactionSpans } from './transaction-spans.ts'

/** Where spans and metrics go. */
export interface InstrumentOptions {
  /** Where spans go. Default: the global one; `null` for no spans. */
  readonly tracerProvider?: TracerProvider | null
  /** Where metrics go. Default: the global one; `null` for no metrics. */
  readonly meterProvider?: MeterProvider | null
  /** How contexts travel in headers. Default: the global one, as a rule W3C Trace Context. */
  readonly propagator?: TextMapPropagator
  /**
   * Whether each produced record gets a span. Without, records carry the context in which they were
   * produced, which costs a fraction; there are no `publish` spans then. Default: true.
   */
  readonly recordSpans?: boolean
  /** To so many messages at most a span of a batch links. Default: 128, as many as SDKs keep. */
  readonly maxLinks?: number
}

const SCOPE = 'posthaste'
const MOST_LINKS = 128

/**
 * Makes every client of this process, now and later, tell OpenTelemetry of what it does: spans by
 * its conventions for messaging, contexts in the headers of records, metrics. What comes back ends
 * it; spans that are open then are ended still, as their operations end.
 *
 * Call it once: each call makes spans of its own. Throws a ConfigError for a `maxLinks` that is no
 * whole number.
 *
 * @example
 * new NodeTracerProvider({ spanProcessors }).register()
 * const stop = instrument()
 */
export function instrument(options: InstrumentOptions = {}): () => void {
  const { maxLinks = MOST_LINKS } = options
  if (!Number.isInteger(maxLinks) || maxLinks < 0) {
    throw new ConfigError(`maxLinks must be a whole number of at least 0, got ${maxLinks}`)
  }
  const stops = options.tracerProvider === null ? [] : startSpans(options, maxLinks)
  if (options.meterProvider !== null) {
    const meter = (options.meterProvider ?? metrics).getMeter(SCOPE, version)
    stops.push(startMeters(meter), startConventionalMeters(meter))
  }
  return () => {
    for (const stop of stops.splice(0)) stop()
  }
}

function startSpans(options: InstrumentOptions, maxLinks: number): (() => void)[] {
  const tracer = (options.tracerProvider ?? trace).getTracer(SCOPE, version)
  const propagation = new Propagation(options.propagator)
  const transactions = new TransactionSpans(tracer)
  const { recordSpans = true } = options
  const producers = new ProducerSpans(tracer, propagation, transactions, { recordSpans, maxLinks })
  const consumers = new ConsumerSpans(tracer, propagation, maxLinks)
  const stops = [
    listenToOperation('produce', operation => producers.produce(operation)),
    listenToOperation('transaction', operation => transactions.begin(operation)),
    listenToOperation('process', operation => consumers.process(operation)),
    listenToOperation('receive', operation => consumers.receive(operation)),
    listenToOperation('commit', operation => consumers.commit(operation)),
  ]
  if (recordSpans) stops.push(listenToOperation('publish', each => producers.publish(each)))
  return stops
}
