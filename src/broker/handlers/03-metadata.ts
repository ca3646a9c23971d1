/**
 * Metadata, versions 0 to 13.
 *
 * - Null topics mean all of them; an empty list none (in version 0, which has no null, all).
 * - A topic that does not exist is made if the cluster and (from version 4 on) the request allow
 *   it, and told at once; Kafka makes the client ask again.
 * - 10: topics may be asked for by id; an unknown one is UNKNOWN_TOPIC_ID.
 * - 5: replicas on stopped brokers are told as offline. Every living replica is in sync.
 */
import { Metadata, type MetadataRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../wire/uuid.ts'
import { ANY_PARTITION } from '../faults/faults.ts'
import { type Context, on } from '../handler.ts'
import { endpointOf } from '../model/broker-node.ts'
import { Topic } from '../model/topic.ts'
import { code } from './answers.ts'
import { describePartition } from './describe-partition.ts'

type Answer = ResponseInput<typeof Metadata>
type TopicAnswer = Answer['topics'][number]

export const metadata = on(
  Metadata,
  [0, 13],
  async (request, context) => {
    const { cluster } = context
    return {
      brokers: cluster.livingNodes.map(node => endpointOf(node, context.listener)),
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      topics: await topicAnswers(request, context),
    }
  },
  { fails: 'inside' },
)

async function topicAnswers(request: MetadataRequest, context: Context): Promise<TopicAnswer[]> {
  const { cluster, version } = context
  const { topics } = request
  if (topics === null || (version === 0 && topics.length === 0)) {
    return [...cluster.topics.all()].map(topic => describe(topic, context))
  }
  const answers: TopicAnswer[] = []
  for (const { name, topicId } of topics) {
    if (topicId !== ZERO_UUID) answers.push(byId(topicId, context))
    else answers.push(await byName(name ?? '', request.allowAutoTopicCreation, context))
  }
  return answers
}

function byId(topicId: string, context: Context): TopicAnswer {
  const topic = context.cluster.topics.withId(topicId)
  if (topic) return describe(topic, context)
  const name = context.version >= 12 ? null : ''
  return { errorCode: code('UNKNOWN_TOPIC_ID'), name, topicId, partitions: [] }
}

async function byName(name: string, mayCreate: boolean, context: Context): Promise<TopicAnswer> {
  const { cluster } = context
  const topic = cluster.topics.named(name)
  if (topic) return describe(topic, context)
  const wanted = { name, partitions: -1, replicationFactor: -1, config: {}, assignments: [] }
  if (mayCreate && cluster.settings.autoCreateTopics) {
    const made = await cluster.createTopic(wanted)
    if (made instanceof Topic) return describe(made, context)
    return { errorCode: code(made.code), name, partitions: [] }
  }
  const plan = cluster.planTopic(wanted)
  const isImpossible = plan.is === 'refused' && plan.code === 'INVALID_TOPIC_EXCEPTION'
  const error = isImpossible ? 'INVALID_TOPIC_EXCEPTION' : 'UNKNOWN_TOPIC_OR_PARTITION'
  return { errorCode: code(error), name, partitions: [] }
}

function describe(topic: Topic, { cluster, failureOf }: Context): TopicAnswer {
  const failure = failureOf(topic.name, ANY_PARTITION)
  if (failure)
    return { errorCode: code(failure), name: topic.name, topicId: topic.id, partitions: [] }
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: topic.isInternal,
    partitions: topic.partitions.map(partition => describePartition(partition, cluster)),
  }
}
