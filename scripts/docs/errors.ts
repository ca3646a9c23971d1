import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { verdict } from '../../src/producer/verdict.ts'
import { ERROR_TABLE, type ErrorEntry, type ErrorName } from '../../src/protocol/errors.ts'

const path = join(import.meta.dirname, '..', '..', 'src', 'errors.ts')

/** What is left to do for a person, where a program can't go on by itself. */
const advice: Readonly<Partial<Record<ErrorName, string>>> = {
  UNKNOWN_SERVER_ERROR: "read the broker's log",
  OFFSET_OUT_OF_RANGE: 'consumers follow `auto.offset.reset`; with `none`, seek',
  UNKNOWN_TOPIC_OR_PARTITION: 'if it stays: create the topic, or allow this user to see it',
  LEADER_NOT_AVAILABLE: 'if it stays: bring a broker of its replicas back',
  MESSAGE_TOO_LARGE: "raise the topic's `max.message.bytes`, or send less",
  RECORD_LIST_TOO_LARGE: "raise the topic's `segment.bytes`, or lower `batch.size`",
  NOT_ENOUGH_REPLICAS: 'if it stays: bring brokers back',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'if it stays: bring brokers back',
  INVALID_TOPIC_EXCEPTION: 'take another name: letters, digits, `.`, `_` and `-`, 249 at most',
  ILLEGAL_GENERATION: 'a consumer joins again by itself',
  UNKNOWN_MEMBER_ID: 'a consumer joins again by itself',
  REBALANCE_IN_PROGRESS: 'a consumer joins again by itself',
  MEMBER_ID_REQUIRED: 'a consumer joins again by itself',
  FENCED_MEMBER_EPOCH: 'a consumer joins again by itself',
  INCONSISTENT_GROUP_PROTOCOL: 'give all members an assignor in common',
  INVALID_GROUP_ID: 'set `group.id`',
  INVALID_SESSION_TIMEOUT: 'set `session.timeout.ms` within what the broker allows',
  TOPIC_AUTHORIZATION_FAILED: 'the hint names the operation and the `posthaste acls create`',
  GROUP_AUTHORIZATION_FAILED: 'the hint names the operation and the `posthaste acls create`',
  CLUSTER_AUTHORIZATION_FAILED: 'the hint names the operation and the `posthaste acls create`',
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: 'allow WRITE on the transactional id',
  INVALID_TIMESTAMP: "correct the record's timestamp",
  UNSUPPORTED_SASL_MECHANISM: 'set `sasl.mechanism` to one that the error names',
  ILLEGAL_SASL_STATE: 'the listener has no SASL: look at `security.protocol`',
  SASL_AUTHENTICATION_FAILED: 'correct user, password or token',
  UNSUPPORTED_VERSION: 'the broker is too old for this call',
  TOPIC_ALREADY_EXISTS: 'nothing, or delete it first',
  INVALID_PARTITIONS: 'a topic gets more partitions, never fewer',
  INVALID_REPLICATION_FACTOR: 'ask for no more replicas than there are brokers',
  INVALID_CONFIG: "the broker's words say which setting",
  POLICY_VIOLATION: "the broker's words say which policy",
  SECURITY_DISABLED: 'set `authorizer.class.name` on the brokers',
  INVALID_TRANSACTION_TIMEOUT: 'lower `transaction.timeout.ms`',
  INVALID_PRODUCER_ID_MAPPING: 'abort the transaction; if it stays, make a new producer',
  INVALID_TXN_STATE: 'abort the transaction',
  TRANSACTION_ABORTABLE: 'abort the transaction, then begin again',
  PRODUCER_FENCED: 'close: another program has this `transactional.id`',
  NON_EMPTY_GROUP: 'stop its members first',
  GROUP_ID_NOT_FOUND: 'look at `posthaste groups list`',
  GROUP_MAX_SIZE_REACHED: 'run fewer members, or raise `group.max.size`',
  FENCED_INSTANCE_ID: 'give each member a `group.instance.id` of its own',
  UNRELEASED_INSTANCE_ID: 'wait until the other member has left, or take another id',
  UNSUPPORTED_ASSIGNOR: 'leave `group.remote.assignor` out',
  GROUP_SUBSCRIBED_TO_TOPIC: 'stop its members, or let them unsubscribe, first',
  INVALID_RECORD: "correct the record: a compacted topic needs keys; the broker's words say more",
  TOPIC_DELETION_DISABLED: 'set `delete.topic.enable` on the brokers',
  UNACCEPTABLE_CREDENTIAL: "the broker's words say what it asks for",
  INVALID_REGULAR_EXPRESSION: 'write it in RE2: no look-around, no back-references',
  KAFKA_STORAGE_ERROR: "if it stays: look at the broker's disks",
}

/** docs/errors.md: the classes of errors, and every code of the protocol. */
export function errorsPage(): string {
  return [
    '# Errors',
    '',
    '<!-- Made from src/errors.ts and src/protocol/errors.ts by `npm run docs`. -->',
    '',
    'Every error is a `KafkaError`: `code` says what happened, `at` where, `hint` what to do, and three',
    'flags what a program can do: `retriable`, the same call may succeed later; `abortable`, abort the',
    'transaction first; `fatal`, this client is of no more use. What an error means for a record is told',
    'in [guarantees.md](guarantees.md).',
    '',
    '## Classes',
    '',
    '| class | what it is |',
    '|---|---|',
    ...classes().map(([name, about]) => `| \`${name}\` | ${about} |`),
    '',
    '## Codes that brokers answer with',
    '',
    'They are the `code` of a `BrokerError`, or of the `DeliveryError` of a record. What is retriable',
    'is tried again by the client itself, until `delivery.timeout.ms` for records and the time limit of',
    'a call for calls: a program sees it only when that is over.',
    '',
    '| | code | what happened | retriable | what becomes of it, what to do |',
    '|---:|---|---|---|---|',
    ...ERROR_TABLE.filter(({ code }) => code !== 0).map(rowOf),
    '',
  ].join('\n')
}

function rowOf(entry: ErrorEntry): string {
  const { code, name, text, retriable } = entry
  const words = [fateOf(entry), advice[name]].filter(each => each !== undefined).join('; ')
  return `| ${code} | \`${name}\` | ${text} | ${retriable ? 'yes' : ''} | ${words} |`
}

/** What the producer makes of it by itself, as it judges a batch of one record, and one of two. */
function fateOf({ code, retriable, refreshesMetadata }: ErrorEntry): string | undefined {
  const facts = { idempotent: true, transactional: false, isFirst: true }
  const judged = verdict(code, { ...facts, count: 2 })
  if (judged === 'fatal') return '**fatal** for a producer'
  if (judged === 'renew') return 'an idempotent producer goes on under a new epoch'
  if (judged === 'split') return 'a batch of several records is split'
  if (judged === 'delivered') return 'counts as delivered'
  if (refreshesMetadata) return 'tried again with new metadata'
  return retriable ? 'tried again' : undefined
}

/** The first paragraph of each class's comment. */
function classes(): [name: string, about: string][] {
  const source = readFileSync(path, 'utf8')
  return [...source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport class (\w+)/g)].map(
    ([, comment = '', name = '']) => {
      const text = comment.replace(/\n? \* ?/g, '\n').split(/\n\s*\n|@example/)[0]!
      return [name, text.replace(/\s+/g, ' ').trim()]
    },
  )
}
