import {
  Admin,
  type Consumer,
  listen,
  type Message,
  orThrow,
  Producer,
  type ProducerRecord,
} from '../../src/index.ts'

/**
 * Makes a topic with so many partitions, and waits until every broker knows their leaders, and they
 * lead: a broker tells of itself as leader before it takes records as one.
 */
export async function createTopic(
  bootstrapServers: string,
  name: string,
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
  for (const made of await admin.topics.create([{ name, partitions, config }])) orThrow(made)
  const ends = everyPartition(name, partitions, 0).map(slot => ({ ...slot, at: 'latest' as const }))
  for (const end of await admin.records.offsets(ends)) orThrow(end)
}

export async function produceAll(
  bootstrapServers: string,
  records: readonly ProducerRecord[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const settings = { 'bootstrap.servers': bootstrapServers, ...options }
  await using producer = new Producer(settings)
  for (const result of await producer.sendBatch(records)) {
    if (result.status === 'rejected') throw result.reason
  }
}

/** `count` records, in turn to each of so many partitions, their values counting up. */
export function dealt(topic: string, count: number, partitions: number): ProducerRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    partition: i % partitions,
    key: `key-${i}`,
    value: `${i}`,
  }))
}

/** Every partition of a topic, to begin at one place. */
export function everyPartition<At>(topic: string, partitions: number, offset: At) {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, offset }))
}

/** The values of what comes until the end of the partitions, as they are now. */
export async function valuesToEnd(consumer: Consumer): Promise<string[]> {
  const values: string[] = []
  for await (const message of consumer.messages({ until: 'end' })) values.push(textOf(message))
  return values
}

export async function take(consumer: Consumer, count: number): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of consumer) {
    messages.push(message)
    if (messages.length === count) consumer.stop()
  }
  return messages
}

/** Resolves when a client of that name hears of the topics that it asked for. */
export function metadataOf(clientId: string): Promise<void> {
  return new Promise(resolve => {
    const stop = listen('metadata:updated', ({ source }) => {
      if (source.clientId !== clientId) return
      stop()
      resolve()
    })
  })
}

export function textOf(message: Message): string {
  return message.value?.toString() ?? 'null'
}

export async function addPartitions(
  bootstrapServers: string,
  name: string,
  count: number,
): Promise<void> {
  using admin = new Admin({ 'bootstrap.servers': bootstrapServers })
  for (const grown of await admin.topics.createPartitions([{ name, count }])) orThrow(grown)
}
