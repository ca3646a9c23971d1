import { BrokerError, KafkaError } from '../../errors.ts'
import { type Finding, fine, problem, warning, wordsApart } from './finding.ts'

/** What somebody wants to do; each needs rights of its own. */
export type Role = 'producer' | 'consumer' | 'both'

/** Kafka's numbers of operations, which are also their bits in a set. */
const operations = { READ: 3, WRITE: 4, DESCRIBE: 8 } as const

/** What the set is where nobody was asked, or a broker does not know (before Kafka 2.3). */
export const UNKNOWN_OPERATIONS = -2147483648

/** What this user may do with a topic, by the set that the broker tells of it (KIP-430). */
export function checkTopicRights(topic: string, allowed: number, role: Role): Finding[] {
  const check = 'rights'
  if (allowed === UNKNOWN_OPERATIONS) return []
  const needed = [
    ...(role === 'consumer' ? [] : (['WRITE'] as const)),
    ...(role === 'producer' ? [] : (['READ'] as const)),
  ]
  const missing = needed.filter(operation => (allowed & (1 << operations[operation])) === 0)
  if (missing.length === 0) {
    const may = needed.map(operation => operation.toLowerCase()).join(' and ')
    return [fine(check, `this user may ${may} ${topic}`)]
  }
  return missing.map(operation =>
    problem(
      check,
      `this user may not ${operation} the topic ${topic}`,
      `posthaste acls create --allow User:NAME --operation ${operation} --topic ${topic}, as somebody who may${role === 'both' ? '; who needs only the other right asks with --role producer or --role consumer' : ''}`,
    ),
  )
}

/** A question that nobody may be refused, who has the right; and what the broker said to it. */
export interface Probe {
  /** What the right is for, as `write idempotently`. */
  readonly what: string
  readonly error: Error | undefined
}

/** Whether a question was refused for want of a right; anything else that it met is no matter. */
export function checkProbe({ what, error }: Probe): Finding {
  const check = 'rights'
  if (error instanceof BrokerError && /AUTHORIZATION_FAILED$/.test(error.code)) {
    const { hint } = wordsApart(error)
    return problem(
      check,
      `this user may not ${what} (${error.code})`,
      hint ?? 'an ACL for it is missing: posthaste acls list shows those that are there',
    )
  }
  // The question names nobody who exists: whoever may ask is told just that.
  if (error === undefined || isExpected(error)) return fine(check, `this user may ${what}`)
  const { what: words, hint } = wordsApart(error)
  return warning(
    check,
    `whether this user may ${what} could not be asked: ${words}`,
    hint ?? 'ask again when the cluster is well',
  )
}

const expected = ['UNKNOWN_MEMBER_ID', 'INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_EPOCH']

function isExpected(error: Error): boolean {
  return error instanceof KafkaError && expected.includes(error.code)
}
