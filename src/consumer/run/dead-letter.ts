import type { Message } from '../message.ts'

/** A record for a dead-letter topic, as a producer takes it. */
export interface DeadLetter {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: { key: string; value: Buffer | string | null }[]
}

/**
 * A message that failed for good as a record of another topic: its own bytes and headers, and where
 * it came from and why it failed in headers named `dlq.*`.
 *
 * @example
 * const onFailure = {
 *   attempts: 3,
 *   deadLetter: async (message, failure) => {
 *     await producer.send(deadLetterRecord('orders.failed', message, failure))
 *   },
 * }
 */
export function deadLetterRecord(
  topic: string,
  message: Message<unknown, unknown>,
  { error, attempts }: { readonly error: Error; readonly attempts: number },
): DeadLetter {
  const causes: Record<string, string> = {
    'dlq.topic': message.topic,
    'dlq.partition': String(message.partition),
    'dlq.offset': String(message.offset),
    'dlq.timestamp': String(message.timestamp),
    'dlq.attempts': String(attempts),
    'dlq.error.name': error.name,
    'dlq.error.message': error.message,
  }
  const added = Object.entries(causes).map(([key, value]) => ({ key, value }))
  const { rawKey: key, rawValue: value, headers } = message
  return { topic, key, value, headers: [...headers, ...added] }
}
