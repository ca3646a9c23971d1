// What of an answer somebody may see, and what they may do with it.
import { errorByName } from '../../../protocol/errors.ts'
import type * as api from '../../../protocol/messages/index.ts'
import type { RequestOf, ResponseInput } from '../../../protocol/schema/api.ts'
import { ZERO_UUID } from '../../../wire/uuid.ts'
import type { Context } from '../../handler.ts'
import { CLUSTER_NAME } from '../acl/acl.ts'

/** A bit set of operations that was not asked for. */
const NOT_ASKED = -2147483648
const REFUSED_TOPIC = errorByName('TOPIC_AUTHORIZATION_FAILED').code

type Metadata = ResponseInput<typeof api.Metadata>
type TopicPartitions = ResponseInput<typeof api.DescribeTopicPartitions>
type Offsets = ResponseInput<typeof api.OffsetFetch>
type Groups = ResponseInput<typeof api.DescribeGroups>
type ConsumerGroups = ResponseInput<typeof api.ConsumerGroupDescribe>
type GroupList = ResponseInput<typeof api.ListGroups>
type Transactions = ResponseInput<typeof api.DescribeTransactions>
type TransactionList = ResponseInput<typeof api.ListTransactions>
type Created = ResponseInput<typeof api.CreateTopics>
type Cluster = ResponseInput<typeof api.DescribeCluster>

function seesTopic(name: string, { access }: Context): boolean {
  return access.may('DESCRIBE', 'TOPIC', name)
}

/** Where all topics are asked for, each sees their own. */
export function ofMetadata(response: Metadata, _: unknown, context: Context): Metadata {
  const topics = response.topics.filter(({ name }) => !name || seesTopic(name, context))
  return { ...response, topics }
}

export function metadataOperations(
  response: Metadata,
  request: RequestOf<typeof api.Metadata>,
  context: Context,
): Metadata {
  const { access } = context
  const ofCluster = request.includeClusterAuthorizedOperations
    ? { clusterAuthorizedOperations: operationsOfCluster(context) }
    : {}
  if (!request.includeTopicAuthorizedOperations) return { ...response, ...ofCluster }
  const topics = response.topics.map(topic =>
    topic.errorCode === 0 && topic.name
      ? { ...topic, topicAuthorizedOperations: access.operations('TOPIC', topic.name) }
      : topic,
  )
  return { ...response, ...ofCluster, topics }
}

/** Named topics are refused, and of those that were not named nothing is said. */
export function ofTopicPartitions(
  response: TopicPartitions,
  request: RequestOf<typeof api.DescribeTopicPartitions>,
  context: Context,
): TopicPartitions {
  const isNamed = request.topics.length > 0
  const topics = response.topics.flatMap(topic => {
    if (seesTopic(topic.name ?? '', context)) return [topic]
    const { name } = topic
    const refused = { errorCode: REFUSED_TOPIC, name, topicId: ZERO_UUID, isInternal: false }
    return isNamed ? [{ ...refused, partitions: [] }] : []
  })
  return { ...response, topics }
}

export function topicPartitionsOperations(
  response: TopicPartitions,
  _: unknown,
  { access }: Context,
): TopicPartitions {
  const topics = response.topics.map(topic => {
    const topicAuthorizedOperations =
      topic.errorCode === 0 ? access.operations('TOPIC', topic.name ?? '') : NOT_ASKED
    return { ...topic, topicAuthorizedOperations }
  })
  return { ...response, topics }
}

/** Topics that were asked for are refused at each partition; others of the group are left out. */
export function ofOffsets(
  response: Offsets,
  request: RequestOf<typeof api.OffsetFetch>,
  context: Context,
): Offsets {
  type Topic = NonNullable<NonNullable<Offsets['groups']>[number]['topics']>[number]
  const visible = (topics: readonly Topic[], isNamed: boolean) =>
    topics.flatMap(topic => {
      const name = topic.name || context.cluster.topics.withId(topic.topicId ?? '')?.name
      if (name === undefined || seesTopic(name, context)) return [topic]
      return isNamed ? [{ ...topic, partitions: topic.partitions.map(refusedOffset) }] : []
    })
  const groups = response.groups?.map(group => {
    const asked = request.groups.find(({ groupId }) => groupId === group.groupId)
    return { ...group, topics: visible(group.topics, asked?.topics !== null) }
  })
  const topics = visible(response.topics ?? [], request.topics !== null).map(topic => ({
    name: topic.name ?? '',
    partitions: topic.partitions,
  }))
  return { ...response, topics, ...(groups && { groups }) }
}

function refusedOffset({ partitionIndex }: { readonly partitionIndex: number }) {
  const errorCode = REFUSED_TOPIC
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode }
}

/** Who may describe the cluster sees all groups, others those that they may describe. */
export function ofGroups(response: GroupList, _: unknown, { access }: Context): GroupList {
  if (access.may('DESCRIBE', 'CLUSTER', CLUSTER_NAME)) return response
  const groups = response.groups.filter(({ groupId }) => access.may('DESCRIBE', 'GROUP', groupId))
  return { ...response, groups }
}

export function groupOperations(response: Groups, _: unknown, { access }: Context): Groups {
  const groups = response.groups.map(group =>
    group.authorizedOperations === NOT_ASKED
      ? group
      : { ...group, authorizedOperations: access.operations('GROUP', group.groupId) },
  )
  return { ...response, groups }
}

/** A group that has a topic which they may not describe is not described at all. */
export function ofConsumerGroups(
  response: ConsumerGroups,
  _: unknown,
  context: Context,
): ConsumerGroups {
  const groups = response.groups.map(group => {
    const names = group.members.flatMap(
      ({ subscribedTopicNames, assignment, targetAssignment }) => [
        ...subscribedTopicNames,
        ...assignment.topicPartitions.map(({ topicName }) => topicName),
        ...targetAssignment.topicPartitions.map(({ topicName }) => topicName),
      ],
    )
    if (names.every(name => seesTopic(name, context))) return group
    const errorMessage =
      'The group has described topic(s) that the client is not authorized to describe.'
    return { ...group, errorCode: REFUSED_TOPIC, errorMessage, members: [] }
  })
  return { ...response, groups }
}

export function consumerGroupOperations(
  response: ConsumerGroups,
  _: unknown,
  { access }: Context,
): ConsumerGroups {
  const groups = response.groups.map(group =>
    (group.authorizedOperations ?? NOT_ASKED) === NOT_ASKED
      ? group
      : { ...group, authorizedOperations: access.operations('GROUP', group.groupId) },
  )
  return { ...response, groups }
}

export function ofTransactions(response: Transactions, _: unknown, context: Context): Transactions {
  const transactionStates = response.transactionStates.map(state => ({
    ...state,
    topics: state.topics.filter(({ topic }) => seesTopic(topic, context)),
  }))
  return { ...response, transactionStates }
}

export function ofTransactionList(
  response: TransactionList,
  _: unknown,
  { access }: Context,
): TransactionList {
  const transactionStates = response.transactionStates.filter(({ transactionalId }) =>
    access.may('DESCRIBE', 'TRANSACTIONAL_ID', transactionalId),
  )
  return { ...response, transactionStates }
}

/** The settings of a new topic are for those who may describe settings (KIP-525). */
export function ofCreatedTopics(response: Created, _: unknown, { access }: Context): Created {
  const topics = response.topics.map(topic => {
    if (topic.errorCode !== 0 || access.may('DESCRIBE_CONFIGS', 'TOPIC', topic.name)) return topic
    const hidden = { numPartitions: -1, replicationFactor: -1, configs: null }
    return { ...topic, ...hidden, topicConfigErrorCode: REFUSED_TOPIC }
  })
  return { ...response, topics }
}

export function clusterOperations(
  response: Cluster,
  request: RequestOf<typeof api.DescribeCluster>,
  context: Context,
): Cluster {
  if (!request.includeClusterAuthorizedOperations) return response
  return { ...response, clusterAuthorizedOperations: operationsOfCluster(context) }
}

/** Who may not describe the cluster is told nothing. */
function operationsOfCluster({ access }: Context): number {
  const mayAsk = access.may('DESCRIBE', 'CLUSTER', CLUSTER_NAME)
  return mayAsk ? access.operations('CLUSTER', CLUSTER_NAME) : 0
}
