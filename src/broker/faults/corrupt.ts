import { CRC_AT } from '../../records/layout.ts'
import type { AnyMessage } from '../handler.ts'
import { isObject, PARTITION_NAMES, TOPIC_NAMES } from './places.ts'

/** Whether the records of a partition are meant; topics go by their name, or by their id. */
export type IsMeant = (topic: string, topicId: string, partition: number) => boolean

/**
 * A response whose records, of the partitions that are meant, have one bit wrong, so that their
 * checksum does not fit. Undefined where it has no such records.
 */
export function withWrongRecords(response: AnyMessage, isMeant: IsMeant): AnyMessage | undefined {
  let isChanged = false
  const partition = (topic: AnyMessage, each: unknown) => {
    if (!isObject(each)) return each
    const records = bytesIn(each.records)
    const index = PARTITION_NAMES.map(name => each[name]).find(found => typeof found === 'number')
    if (!records || typeof index !== 'number') return each
    if (!isMeant(textIn(topic, TOPIC_NAMES), textIn(topic, ['topicId']), index)) return each
    isChanged = true
    return { ...each, records: wrong(records) }
  }
  const topics = listIn(response.responses).map(topic =>
    isObject(topic)
      ? { ...topic, partitions: listIn(topic.partitions).map(each => partition(topic, each)) }
      : topic,
  )
  return isChanged ? { ...response, responses: topics } : undefined
}

/** The response in a frame that ends before it does, as broken software might send it. */
export function cutShort(chunks: readonly Buffer[]): Buffer[] {
  const whole = Buffer.concat(chunks)
  // Length and correlation id stay, so that somebody waits for it.
  const end = 8 + Math.floor((whole.length - 8) / 2)
  const cut = Buffer.from(whole.subarray(0, end))
  cut.writeInt32BE(end - 4, 0)
  return [cut]
}

/** The log's own bytes must stay right. */
function wrong(records: Buffer): Buffer {
  const copy = Buffer.from(records)
  copy[CRC_AT] = copy[CRC_AT]! ^ 1
  return copy
}

function bytesIn(records: unknown): Buffer | undefined {
  const bytes = Array.isArray(records) ? Buffer.concat(records.filter(Buffer.isBuffer)) : records
  return Buffer.isBuffer(bytes) && bytes.length > CRC_AT ? bytes : undefined
}

function textIn(message: AnyMessage, names: readonly string[]): string {
  const found = names.map(name => message[name]).find(value => typeof value === 'string')
  return typeof found === 'string' ? found : ''
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
