/**
 * posthaste/opentelemetry: spans and metrics for OpenTelemetry, and contexts in records' headers.
 * Needs `@opentelemetry/api`; an SDK beside it decides where all of it goes.
 *
 * @example
 * import { instrument } from 'posthaste/opentelemetry'
 * instrument()
 */
export { contextOf } from './context-of.ts'
export { type InstrumentOptions, instrument } from './instrument.ts'
export { instrumentName } from './meters.ts'
