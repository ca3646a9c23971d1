import * as api from '../../../protocol/messages/index.ts'
import type { Context } from '../../handler.ts'
import type { OperationName } from '../acl/acl.ts'
import { clusterRights } from './cluster-rights.ts'
import {
  anyTopic,
  cluster,
  either,
  group,
  type Need,
  thatTopic,
  topic,
  transactionalId,
} from './need.ts'
import { type Guard, rights } from './rights.ts'
import * as shown from './shown.ts'

/** Where the low byte of a batch's attributes is, and the bit of transactions in it. */
const [ATTRIBUTES, TRANSACTIONAL] = [22, 0x10]
/** The resources that have settings, by Kafka's numbers. */
const [TOPIC, GROUP] = [2, 32]

/** Settings are a topic's, a group's, or else (of brokers, loggers, metrics) the cluster's. */
function settings(operation: OperationName) {
  return (item: { readonly resourceType: number; readonly resourceName: string }): Need[] => {
    const { resourceType, resourceName } = item
    if (resourceType === TOPIC) return [topic(operation, resourceName)]
    return [resourceType === GROUP ? group(operation, resourceName) : cluster(operation)]
  }
}

/** Topics that would have to be made need the right to make them. */
function described(
  wanted: { readonly name: string | null; readonly topicId: string },
  mayCreate: boolean,
  context: Context,
): readonly Need[] {
  const { name } = wanted
  const isNew = name !== null && name !== '' && !context.cluster.topics.named(name)
  const creates = isNew && mayCreate && context.cluster.settings.autoCreateTopics
  const needs = thatTopic('DESCRIBE', wanted, context)
  return creates ? [...needs, either(topic('CREATE', name), cluster('CREATE'))] : needs
}

const coordinatorNeeds = (key: string, keyType: number): readonly Need[] =>
  keyType === 1 ? [transactionalId('DESCRIBE', key)] : [group('DESCRIBE', key)]

/** Whether a request has batches of a transaction; its id alone needs nothing. */
function isTransactional({ topicData }: api.ProduceRequest): boolean {
  return topicData.some(({ partitionData }) =>
    partitionData.some(({ records }) => ((records?.[ATTRIBUTES] ?? 0) & TRANSACTIONAL) !== 0),
  )
}

const ofGroup = ({ groupId }: { readonly groupId: string }) => [group('READ', groupId)]

/**
 * What every API needs, as Kafka 4.3 has it. An API that is not here needs nothing: ApiVersions,
 * the messages of SASL, and the telemetry of clients.
 */
const guards: readonly Guard[] = [
  rights(api.Produce, {
    whole: request =>
      isTransactional(request) ? [transactionalId('WRITE', request.transactionalId ?? '')] : [],
    each: { topicData: (item, context) => thatTopic('WRITE', item, context) },
  }),
  // A session of fetches goes over what is refused again and again, so that it must know of it.
  rights(api.Fetch, { inside: name => [topic('READ', name)] }),
  rights(api.ListOffsets, { each: { topics: ({ name }) => [topic('DESCRIBE', name)] } }),
  rights(api.OffsetForLeaderEpoch, {
    each: { topics: item => [topic('DESCRIBE', item.topic)] },
  }),
  rights(api.Metadata, {
    each: {
      topics: (item, context, { allowAutoTopicCreation }) =>
        described(item, allowAutoTopicCreation, context),
    },
    shows: shown.ofMetadata,
    tells: shown.metadataOperations,
  }),
  rights(api.DescribeTopicPartitions, {
    shows: shown.ofTopicPartitions,
    tells: shown.topicPartitionsOperations,
  }),

  rights(api.FindCoordinator, {
    whole: ({ key, keyType }, { version }) => (version >= 4 ? [] : coordinatorNeeds(key, keyType)),
    each: { coordinatorKeys: (key, _, { keyType }) => coordinatorNeeds(key, keyType) },
  }),
  rights(api.JoinGroup, { whole: ofGroup }),
  rights(api.SyncGroup, { whole: ofGroup }),
  rights(api.Heartbeat, { whole: ofGroup }),
  rights(api.LeaveGroup, { whole: ofGroup }),
  rights(api.ConsumerGroupHeartbeat, {
    whole: ({ groupId, subscribedTopicNames }) => [
      group('READ', groupId),
      ...(subscribedTopicNames ?? []).map(name => topic('DESCRIBE', name)),
    ],
  }),
  rights(api.OffsetCommit, {
    whole: ofGroup,
    each: { topics: (item, context) => thatTopic('READ', item, context) },
  }),
  rights(api.OffsetFetch, {
    whole: ({ groupId }, { version }) => (version >= 8 ? [] : [group('DESCRIBE', groupId)]),
    each: { groups: ({ groupId }) => [group('DESCRIBE', groupId)] },
    shows: shown.ofOffsets,
    isBrief: true,
  }),
  rights(api.DescribeGroups, {
    each: { groups: id => [group('DESCRIBE', id)] },
    tells: shown.groupOperations,
  }),
  rights(api.ConsumerGroupDescribe, {
    each: { groupIds: id => [group('DESCRIBE', id)] },
    shows: shown.ofConsumerGroups,
    tells: shown.consumerGroupOperations,
  }),
  rights(api.ListGroups, { shows: shown.ofGroups }),
  rights(api.DeleteGroups, { each: { groupsNames: id => [group('DELETE', id)] } }),
  rights(api.OffsetDelete, {
    whole: ({ groupId }) => [group('DELETE', groupId)],
    each: { topics: ({ name }) => [topic('READ', name)] },
    isBrief: true,
  }),

  rights(api.InitProducerId, {
    whole: ({ transactionalId: id }) =>
      id === null
        ? [either(cluster('IDEMPOTENT_WRITE'), anyTopic('WRITE'))]
        : [transactionalId('WRITE', id)],
  }),
  rights(api.AddPartitionsToTxn, {
    // From version 4 on it is what brokers say to each other.
    whole: ({ v3AndBelowTransactionalId: id }, { version }) =>
      version >= 4 ? [cluster('CLUSTER_ACTION')] : [transactionalId('WRITE', id)],
    each: { v3AndBelowTopics: ({ name }) => [topic('WRITE', name)] },
    isAllOrNothing: true,
  }),
  rights(api.AddOffsetsToTxn, {
    whole: request => [transactionalId('WRITE', request.transactionalId), ...ofGroup(request)],
  }),
  rights(api.EndTxn, { whole: request => [transactionalId('WRITE', request.transactionalId)] }),
  rights(api.TxnOffsetCommit, {
    whole: request => [transactionalId('WRITE', request.transactionalId), ...ofGroup(request)],
    each: { topics: ({ name }) => [topic('READ', name)] },
  }),
  rights(api.DescribeTransactions, {
    each: { transactionalIds: id => [transactionalId('DESCRIBE', id)] },
    shows: shown.ofTransactions,
  }),
  rights(api.ListTransactions, { shows: shown.ofTransactionList }),
  rights(api.DescribeProducers, { each: { topics: ({ name }) => [topic('READ', name)] } }),
  rights(api.WriteTxnMarkers, {
    whole: () => [either(cluster('CLUSTER_ACTION'), cluster('ALTER'))],
  }),

  rights(api.CreateTopics, {
    each: { topics: ({ name }) => [either(topic('CREATE', name), cluster('CREATE'))] },
    shows: shown.ofCreatedTopics,
  }),
  rights(api.DeleteTopics, {
    each: {
      topics: (item, context) => thatTopic('DELETE', item, context),
      topicNames: name => [topic('DELETE', name)],
    },
  }),
  rights(api.CreatePartitions, { each: { topics: ({ name }) => [topic('ALTER', name)] } }),
  rights(api.DeleteRecords, { each: { topics: ({ name }) => [topic('DELETE', name)] } }),
  rights(api.DescribeConfigs, { each: { resources: settings('DESCRIBE_CONFIGS') } }),
  rights(api.AlterConfigs, { each: { resources: settings('ALTER_CONFIGS') } }),
  rights(api.IncrementalAlterConfigs, { each: { resources: settings('ALTER_CONFIGS') } }),
  ...clusterRights,
]

export const guardByKey: ReadonlyMap<number, Guard> = new Map(
  guards.map(guard => [guard.api.key, guard]),
)
