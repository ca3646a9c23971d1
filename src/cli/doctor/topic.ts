import { asError, BrokerError, KafkaError } from '../../errors.ts'
import { type ConfigEntry, orThrow } from '../../index.ts'
import { Metadata } from '../../protocol/index.ts'
import { problem, warning, wordsApart } from './finding.ts'
import { checkTopicRights } from './rights-checks.ts'
import { checkSizes } from './size-checks.ts'
import { checkReplicas, missingTopic } from './topic-checks.ts'
import { type Contact, partitionsOf, QUESTION_MS } from './visit.ts'

const UNKNOWN_TOPIC = 3

/** Looks at one topic: whether it is there, its replicas, its limits, what may be done with it. */
export async function examineTopic(contact: Contact, topic: string): Promise<void> {
  const { visit, settings, cluster, metadata } = contact
  const answer = await cluster.call(
    Metadata,
    {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    },
    { timeoutMs: QUESTION_MS },
  )
  const found = answer.topics[0]
  if (!found || found.errorCode === UNKNOWN_TOPIC) {
    const names = metadata.topics.flatMap(({ name }) => name ?? [])
    const ofBroker = await configOf(contact, 'broker', brokerIdOf(contact))
    const canBeCreated = ofBroker.get('auto.create.topics.enable') === 'true'
    visit.tell([missingTopic(topic, names, canBeCreated)])
    return
  }
  const partitions = partitionsOf(found)
  if (partitions.length === 0) {
    const error = new BrokerError(found.errorCode, { api: Metadata.name, topic })
    const { what, hint } = wordsApart(error)
    visit.tell([problem(`topic ${topic}`, what, hint ?? 'see the log of the broker')])
    return
  }
  const [ofTopic, ofBroker] = await Promise.all([
    configOf(contact, 'topic', topic),
    configOf(contact, 'broker', brokerIdOf(contact)),
  ])
  const least = numberIn(ofTopic, 'min.insync.replicas')
  visit.tell(checkReplicas(topic, partitions, least, settings.producer.acks))
  const limits = {
    maxRequestSize: settings.producer.maxRequestSize,
    maxMessageBytes:
      numberIn(ofTopic, 'max.message.bytes') ?? numberIn(ofBroker, 'message.max.bytes'),
    replicaFetchMaxBytes: numberIn(ofBroker, 'replica.fetch.max.bytes'),
    socketRequestMaxBytes: numberIn(ofBroker, 'socket.request.max.bytes'),
  }
  if (visit.role !== 'consumer') visit.tell(checkSizes(topic, limits, visit.size))
  visit.tell(checkTopicRights(topic, found.topicAuthorizedOperations, visit.role))
}

type Config = ReadonlyMap<string, string | null>

/** The settings of a topic or broker; where they may not be read, that is told, and none known. */
async function configOf(
  { admin, visit }: Contact,
  type: 'topic' | 'broker',
  name: string | undefined,
): Promise<Config> {
  if (name === undefined) return new Map()
  try {
    const [result] = await admin.configs.describe([{ type, name }], { timeoutMs: QUESTION_MS })
    const entries: readonly ConfigEntry[] = result ? orThrow(result) : []
    return new Map(entries.map(entry => [entry.name, entry.value]))
  } catch (thrown) {
    const error = asError(thrown)
    if (!(error instanceof KafkaError)) throw error
    const { what, hint } = wordsApart(error)
    const words = `the settings of ${type} ${name} could not be read, and were not compared: ${what}`
    visit.tell([warning(`${type} ${name}`, words, hint ?? 'ask again when the cluster is well')])
    return new Map()
  }
}

function brokerIdOf({ metadata }: Contact): string | undefined {
  const [broker] = metadata.brokers
  return broker && String(broker.nodeId)
}

function numberIn(config: Config, name: string): number | undefined {
  const text = config.get(name)
  return text == null ? undefined : Number(text)
}
