import { Cluster } from '../../src/cluster/cluster.ts'
import { clientOptions, configure } from '../../src/cluster/options.ts'
import type { Consumer, Message, ProducerRecord } from '../../src/index.ts'
import { Producer } from '../../src/index.ts'
import { CreatePartitions, CreateTopics } from '../../src/protocol/index.ts'
import { waitFor } from '../support/wait.ts'

/** Makes a topic with so many partitions, and waits until every partition has a leader. */
export async function createTopic(
  bootstrapServers: string,
  name: string,
  numPartitions: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { values } = configure(clientOptions, { 'bootstrap.servers': bootstrapServers })
  const cluster = new Cluster({ config: values, autoCreateTopics: false })
  try {
    await cluster.refresh()
    const topic = {
      name,
      numPartitions,
      replicationFactor: -1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }
    const request = { topics: [topic], timeoutMs: 10_000, validateOnly: false }
    const answer = await cluster.call(CreateTopics, request, { route: { to: 'controller' } })
    const { errorCode, errorMessage } = answer.topics[0]!
    if (errorCode !== 0) throw new Error(`${name} was not made: ${errorMessage}`)
    await waitFor(`leaders of ${name}`, async () => {
      cluster.use(name)
      await cluster.refresh()
      const partitions = cluster.view.topics.get(name)?.partitions ?? []
      return partitions.length === numPartitions && partitions.every(({ leader }) => leader >= 0)
    })
  } finally {
    cluster.close()
  }
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

export function textOf(message: Message): string {
  return message.value?.toString() ?? 'null'
}

export async function addPartitions(
  bootstrapServers: string,
  name: string,
  count: number,
): Promise<void> {
  const { values } = configure(clientOptions, { 'bootstrap.servers': bootstrapServers })
  const cluster = new Cluster({ config: values, autoCreateTopics: false })
  try {
    await cluster.refresh()
    const request = {
      topics: [{ name, count, assignments: null }],
      timeoutMs: 10_000,
      validateOnly: false,
    }
    const answer = await cluster.call(CreatePartitions, request, { route: { to: 'controller' } })
    const { errorCode, errorMessage } = answer.results[0]!
    if (errorCode !== 0) throw new Error(`${name} did not grow: ${errorMessage}`)
  } finally {
    cluster.close()
  }
}
