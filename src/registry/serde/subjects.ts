import { SerializationError } from '../../errors.ts'

/** What a subject is to be named for. */
export interface SubjectContext {
  readonly topic: string
  readonly field: 'key' | 'value'
  /** The full name of the record or message; JSON Schema's title. */
  readonly recordName: string | undefined
}

/** Names the subject under which the schema of a topic's keys or values is kept. */
export type SubjectNameStrategy = (context: SubjectContext) => string

/** `orders-value`: one schema, and its versions, for a topic. */
export const topicName: SubjectNameStrategy = ({ topic, field }) => `${topic}-${field}`

/** `shop.Order`: one history of a record over all topics. */
export const recordName: SubjectNameStrategy = context => nameOf(context)

/** `orders-shop.Order`: many kinds of record in a topic, each with its own history there. */
export const topicRecordName: SubjectNameStrategy = context => `${context.topic}-${nameOf(context)}`

/** The strategies by the names of Confluent's settings. */
export const subjectNameStrategies = {
  TopicNameStrategy: topicName,
  RecordNameStrategy: recordName,
  TopicRecordNameStrategy: topicRecordName,
} as const

/** A strategy by the name that Confluent's settings have for it. */
export type SubjectNameStrategyName = keyof typeof subjectNameStrategies

function nameOf({ topic, field, recordName: name }: SubjectContext): string {
  if (name !== undefined) return name
  throw new SerializationError({
    code: 'SUBJECT_UNKNOWN',
    message: `the schema of the ${field}s of ${topic} has no record name, which its subject name strategy needs`,
    hint: 'name the schema (JSON Schema: a title), give recordName, or use TopicNameStrategy',
  })
}
