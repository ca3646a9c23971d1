import { errorByCode } from './protocol/errors.ts'
import { type GuardedResource, permissionFor } from './protocol/permissions.ts'

/** Where something went wrong, as far as it is known. */
export interface ErrorPlace {
  /** `host:port` of the broker, with its id where known. */
  readonly broker?: string
  readonly api?: string
  readonly version?: number
  readonly correlationId?: number
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly group?: string
  readonly transactionalId?: string
}

/** What an error is made of. The three flags are false where they are left out. */
export interface KafkaErrorFields {
  /** Kafka's own name of the error, or one of ours in the same style. */
  readonly code: string
  readonly message: string
  readonly retriable?: boolean
  readonly abortable?: boolean
  readonly fatal?: boolean
  readonly hint?: string | undefined
  readonly cause?: unknown
  readonly at?: ErrorPlace
}

/**
 * The root of every error that this package throws or reports. Three questions are always answered:
 * would the same call succeed later (`retriable`), must the transaction be aborted first
 * (`abortable`), is this client of no more use (`fatal`)?
 *
 * @example
 * try { await producer.send(record) }
 * catch (error) { if (error instanceof KafkaError && error.retriable) later(record) }
 */
export class KafkaError extends Error {
  override readonly name: string = 'KafkaError'
  /** Kafka's own name of the error, or one of ours in the same style: docs/errors.md. */
  readonly code: string
  /** The same call may succeed later. */
  readonly retriable: boolean
  /** The transaction must be aborted first. */
  readonly abortable: boolean
  /** This client is of no more use. */
  readonly fatal: boolean
  /** What to do about it, where we can tell. */
  readonly hint?: string
  /** Where it happened, as far as it is known. */
  readonly at: ErrorPlace

  constructor(fields: KafkaErrorFields) {
    const { message, hint, cause } = fields
    super(hint ? `${message}; ${hint}` : message, cause === undefined ? undefined : { cause })
    this.code = fields.code
    this.retriable = fields.retriable ?? false
    this.abortable = fields.abortable ?? false
    this.fatal = fields.fatal ?? false
    if (hint !== undefined) this.hint = hint
    this.at = fields.at ?? {}
  }
}

/** A setting is unknown, of the wrong type, out of range, or contradicts another. */
export class ConfigError extends KafkaError {
  override readonly name = 'ConfigError'
  constructor(message: string, hint?: string) {
    super({ code: 'INVALID_CONFIG', message, hint })
  }
}

/** A broker can't be reached, or a connection broke. Retriable: another try may find it well. */
export class ConnectionError extends KafkaError {
  override readonly name = 'ConnectionError'
}

/** Nothing came of it within the time that was given. */
export class TimeoutError extends KafkaError {
  override readonly name = 'TimeoutError'
}

/** The producer holds `buffer.memory` bytes already: wait for `drain()`, or use `send()`. */
export class BufferFullError extends KafkaError {
  override readonly name = 'BufferFullError'
}

/** One record is larger than a limit, so it can never be sent; others are not affected. */
export class MessageTooLargeError extends KafkaError {
  override readonly name = 'MessageTooLargeError'
  /** The size of the record, in bytes. */
  readonly size: number
  /** What is allowed, in bytes. */
  readonly limit: number
  constructor(fields: Omit<KafkaErrorFields, 'code'> & { size: number; limit: number }) {
    super({ ...fields, code: 'MESSAGE_TOO_LARGE' })
    this.size = fields.size
    this.limit = fields.limit
  }
}

/**
 * A record was not confirmed. `persisted` says what is known of it: `'no'`, it is certainly not in
 * the log; `'maybe'`, a request was sent and its outcome was never learnt, so that producing it
 * again may store it twice.
 */
export class DeliveryError extends KafkaError {
  override readonly name = 'DeliveryError'
  /** Whether it may be in the log all the same: `no` is certain, `maybe` is that no answer came. */
  readonly persisted: 'no' | 'maybe'
  /** The record as the caller gave it, or as decoded from its batch. */
  readonly record: unknown
  constructor(fields: KafkaErrorFields & { persisted: 'no' | 'maybe'; record: unknown }) {
    super(fields)
    this.persisted = fields.persisted
    this.record = fields.record
  }
}

/**
 * A broker answered with an error code; `code` is its name in Kafka's table. Where it refuses what
 * this user may not do, `hint` names the operation and the resource, and how to allow it.
 */
export class BrokerError extends KafkaError {
  override readonly name = 'BrokerError'
  /** The number that came over the wire. */
  readonly errorCode: number
  constructor(errorCode: number, at: ErrorPlace = {}, brokersWords?: string | null, hint?: string) {
    const row = errorByCode(errorCode)
    const text = brokersWords ? `${row.text} (the broker says: ${brokersWords})` : row.text
    super({
      code: row.name,
      message: `${row.name}${placeText(at)}: ${text}`,
      retriable: row.retriable,
      at,
      hint: hint ?? howToAllow(errorCode, at),
    })
    this.errorCode = errorCode
  }
}

/** Which ACL is missing, as a command that makes it. */
function howToAllow(errorCode: number, at: ErrorPlace): string | undefined {
  const needed = at.api === undefined ? undefined : permissionFor(at.api, errorCode)
  if (!needed) return undefined
  const { operation, resource, instead } = needed
  const { words, name, flag } = guarded[resource]
  const which = name(at)
  const where = which === undefined ? words : `${words} ${which}`
  const option = resource === 'CLUSTER' ? flag : `${flag} ${which ?? 'NAME'}`
  return (
    `it needs ${operation} on ${where}${instead ? ` (${instead})` : ''}: ` +
    `posthaste acls create --allow User:NAME --operation ${operation} ${option}`
  )
}

interface Guarded {
  readonly words: string
  readonly flag: string
  name(at: ErrorPlace): string | undefined
}

const guarded: Readonly<Record<GuardedResource, Guarded>> = {
  TOPIC: { words: 'the topic', flag: '--topic', name: at => at.topic },
  GROUP: { words: 'the group', flag: '--group', name: at => at.group },
  CLUSTER: { words: 'the cluster', flag: '--cluster', name: () => undefined },
  TRANSACTIONAL_ID: {
    words: 'the transactional id',
    flag: '--transactional-id',
    name: at => at.transactionalId,
  },
}

/** The broker does not accept who we say we are, or how we say it. */
export class AuthenticationError extends KafkaError {
  override readonly name = 'AuthenticationError'
}

/** A call that makes no sense now: names the state, and the calls that would be legal. */
export class StateError extends KafkaError {
  override readonly name = 'StateError'
  constructor(message: string, hint?: string) {
    super({ code: 'INVALID_STATE', message, hint })
  }
}

/** Another producer with the same `transactional.id` has taken over; this one must stop. */
export class FencedError extends KafkaError {
  override readonly name = 'FencedError'
}

/** The bytes or values at hand don't follow the protocol. */
export class ProtocolError extends KafkaError {
  override readonly name = 'ProtocolError'
}

/** A key or value does not fit its serializer or schema. */
export class SerializationError extends KafkaError {
  override readonly name = 'SerializationError'
}

/** What a registry was asked about, and what it answered, as far as it is known. */
export interface RegistryPlace {
  readonly url?: string
  readonly method?: string
  readonly subject?: string
  readonly version?: number | string
  /** A schema's number, or its GUID. */
  readonly id?: number
  readonly guid?: string
  /** The HTTP status, and the registry's own number (such as 40401). */
  readonly status?: number
  readonly errorCode?: number
}

/** A schema registry refused, or could not be reached. */
export class RegistryError extends KafkaError {
  override readonly name = 'RegistryError'
  /** Which subject, id and URL it is about. */
  readonly where: RegistryPlace
  /** Why a schema was refused, one reason an entry, where the registry gives reasons. */
  readonly incompatibilities: readonly string[]
  constructor(
    fields: KafkaErrorFields & { where?: RegistryPlace; incompatibilities?: readonly string[] },
  ) {
    super(fields)
    this.where = fields.where ?? {}
    this.incompatibilities = fields.incompatibilities ?? []
  }
}

/** ` at Produce v9 on orders [3], broker 2 (localhost:9092)`, as far as it is known. */
export function placeText(at: ErrorPlace): string {
  const api =
    at.api === undefined ? '' : `${at.api}${at.version === undefined ? '' : ` v${at.version}`}`
  const slot = at.partition === undefined ? '' : ` [${at.partition}]`
  const topic = at.topic === undefined ? '' : `${at.topic}${slot}`
  const parts = [
    api && ` in ${api}`,
    topic && ` on ${topic}`,
    at.group === undefined ? '' : ` of group ${at.group}`,
    at.transactionalId === undefined ? '' : ` of transactional id ${at.transactionalId}`,
    at.broker === undefined ? '' : ` at broker ${at.broker}`,
  ]
  return parts.join('')
}

/** Any thrown thing as an Error, so that nothing is lost when somebody throws a string. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
