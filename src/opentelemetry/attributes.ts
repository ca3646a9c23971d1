import { isUtf8 } from 'node:buffer'
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api'
import { KafkaError } from '../errors.ts'
import type { EventSource } from '../events.ts'

/** What an operation is by OpenTelemetry's conventions for messaging. */
export type OperationType = 'send' | 'receive' | 'process' | 'settle'

/** The names of the conventions (version 1.39) that are used here. */
export const GROUP = 'messaging.consumer.group.name'
export const DESTINATION = 'messaging.destination.name'
export const PARTITION = 'messaging.destination.partition.id'
export const MESSAGES = 'messaging.batch.message_count'
export const KEY = 'messaging.kafka.message.key'
export const OFFSET = 'messaging.kafka.offset'
export const TOMBSTONE = 'messaging.kafka.message.tombstone'
export const ERROR_TYPE = 'error.type'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'

/** What every span of an operation has. */
export function operationAttributes(name: string, type: OperationType): Attributes {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
  }
}

export function clientAttributes({ clientId }: EventSource): Attributes {
  return { 'messaging.client.id': clientId }
}

export function groupAttributes(group: string | undefined): Attributes {
  return group === undefined ? {} : { [GROUP]: group }
}

export function serverAttributes(
  broker: { readonly host: string; readonly port: number } | undefined,
): Attributes {
  return broker ? { [SERVER_ADDRESS]: broker.host, [SERVER_PORT]: broker.port } : {}
}

/** A key that has one plain form as text, as the conventions ask; no attribute for others. */
export function keyAttributes(key: unknown): Attributes {
  if (typeof key === 'string') return { [KEY]: key }
  if (typeof key === 'number' || typeof key === 'bigint') return { [KEY]: String(key) }
  if (key instanceof Uint8Array && isUtf8(key)) return { [KEY]: Buffer.from(key).toString() }
  return {}
}

/** Few different values: Kafka's name of the error, or that of its class. */
export function errorType(error: unknown): string {
  if (error instanceof KafkaError) return error.code
  return error instanceof Error ? error.name : '_OTHER'
}

/** Ends a span as its operation ended. */
export function endSpan(span: Span, error?: unknown): void {
  if (error !== undefined && error !== null) {
    const told = error instanceof Error ? error : new Error(String(error))
    span.recordException(told)
    span.setAttribute(ERROR_TYPE, errorType(error))
    span.setStatus({ code: SpanStatusCode.ERROR, message: told.message })
  }
  span.end()
}
