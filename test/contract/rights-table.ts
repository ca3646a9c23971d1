import { errorByCode } from '../../src/protocol/errors.ts'
import * as api from '../../src/protocol/messages/index.ts'
import type { Api, RequestInput } from '../../src/protocol/schema/api.ts'
import { batchOf } from '../broker/batches.ts'
import type { RawClient } from '../broker/raw-client.ts'

/** What the user of the table may do: everything with what is called `open`, and no more. */
export const OPEN = 'open'
export const CLOSED = 'closed'

interface Row {
  readonly title: string
  ask(client: RawClient): Promise<unknown>
  /** Errors by what they are about, in any order. */
  readonly expected: readonly string[]
}

function row<A extends Api>(
  asked: A,
  version: number,
  message: RequestInput<A>,
  expected: readonly string[],
): Row {
  return {
    title: `${asked.name} ${version}`,
    ask: client => client.call(asked, version, message),
    expected,
  }
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
const both = <T>(make: (name: string) => T): T[] => [OPEN, CLOSED].map(make)
const partitions = [{ partitionIndex: 0 }]
const T = 'TOPIC_AUTHORIZATION_FAILED'
const G = 'GROUP_AUTHORIZATION_FAILED'
const C = 'CLUSTER_AUTHORIZATION_FAILED'
const X = 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'
const member = { memberId: 'm', generationId: 1 }
const range = { protocolType: 'consumer', protocolName: 'range' }
const join = {
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  memberId: '',
  protocolType: 'consumer',
  protocols: [],
}
const produced = (isTransactional: boolean) => ({
  acks: -1,
  timeoutMs: 5000,
  topicData: both(name => ({
    name,
    partitionData: [{ index: 0, records: batchOf(['v'], { transactional: isTransactional }) }],
  })),
})
const identity = { producerId: 7n, producerEpoch: 0 }
const filter = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}

/** What somebody hears who lacks a right, on every cluster. */
export const refusedRows: readonly Row[] = [
  row(api.Produce, 9, produced(false), ['open-0 NONE', `closed-0 ${T}`]),
  row(api.Produce, 9, { ...produced(true), transactionalId: CLOSED }, [
    `open-0 ${X}`,
    `closed-0 ${X}`,
  ]),
  row(
    api.Fetch,
    12,
    {
      maxWaitMs: 0,
      minBytes: 0,
      isolationLevel: 0,
      topics: both(topic => ({
        topic,
        partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 }],
      })),
    },
    ['open-0 NONE', `closed-0 ${T}`],
  ),
  row(
    api.ListOffsets,
    7,
    {
      replicaId: -1,
      isolationLevel: 0,
      topics: both(name => ({ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] })),
    },
    ['open-0 NONE', `closed-0 ${T}`],
  ),
  row(
    api.OffsetForLeaderEpoch,
    4,
    { topics: both(topic => ({ topic, partitions: [{ partition: 0, leaderEpoch: 0 }] })) },
    ['open-0 NONE', `closed-0 ${T}`],
  ),
  row(
    api.Metadata,
    12,
    {
      topics: [OPEN, CLOSED, 'open-new', 'closed-new'].map(name => ({ name, topicId: NO_ID })),
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    },
    [
      'open NONE',
      'open-0 NONE',
      `closed ${T}`,
      'open-new UNKNOWN_TOPIC_OR_PARTITION',
      `closed-new ${T}`,
    ],
  ),
  row(
    api.Metadata,
    12,
    { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
    ['open NONE', 'open-0 NONE'],
  ),
  row(api.DescribeTopicPartitions, 0, { topics: both(name => ({ name })) }, [
    'open NONE',
    'open-0 NONE',
    `closed ${T}`,
  ]),
  row(api.FindCoordinator, 4, { keyType: 0, coordinatorKeys: [CLOSED] }, [`closed ${G}`]),
  row(api.FindCoordinator, 4, { keyType: 1, coordinatorKeys: [CLOSED] }, [`closed ${X}`]),
  row(api.FindCoordinator, 3, { key: CLOSED, keyType: 0 }, [G]),
  row(api.JoinGroup, 7, { ...join, groupId: CLOSED }, [G]),
  row(api.SyncGroup, 5, { ...member, ...range, groupId: CLOSED, assignments: [] }, [G]),
  row(api.Heartbeat, 4, { ...member, groupId: CLOSED }, [G]),
  row(api.LeaveGroup, 5, { groupId: CLOSED, members: [] }, [G]),
  row(
    api.OffsetCommit,
    8,
    {
      groupId: CLOSED,
      memberId: '',
      topics: both(name => ({
        name,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
      })),
    },
    [`open-0 ${G}`, `closed-0 ${G}`],
  ),
  row(
    api.OffsetCommit,
    8,
    {
      groupId: OPEN,
      memberId: '',
      topics: both(name => ({
        name,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
      })),
    },
    ['open-0 NONE', `closed-0 ${T}`],
  ),
  row(
    api.OffsetFetch,
    8,
    {
      groups: both(groupId => ({
        groupId,
        topics: both(name => ({ name, partitionIndexes: [0] })),
      })),
      requireStable: false,
    },
    ['open NONE', 'open-0 NONE', `closed-0 ${T}`, `closed ${G}`],
  ),
  row(api.DescribeGroups, 5, { groups: [CLOSED], includeAuthorizedOperations: false }, [
    `closed ${G}`,
  ]),
  row(api.DeleteGroups, 2, { groupsNames: [CLOSED] }, [`closed ${G}`]),
  row(api.OffsetDelete, 0, { groupId: CLOSED, topics: [{ name: OPEN, partitions }] }, [G]),
  row(
    api.ConsumerGroupHeartbeat,
    0,
    {
      groupId: OPEN,
      memberId: '',
      memberEpoch: 0,
      rebalanceTimeoutMs: 5000,
      subscribedTopicNames: [OPEN, CLOSED],
      topicPartitions: [],
    },
    [T],
  ),
  row(api.ConsumerGroupDescribe, 0, { groupIds: [CLOSED], includeAuthorizedOperations: false }, [
    `closed ${G}`,
  ]),
  row(api.InitProducerId, 4, { transactionalId: CLOSED, transactionTimeoutMs: 60_000 }, [X]),
  // Whoever may write to one topic may be idempotent (KIP-679).
  row(api.InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 }, ['NONE']),
  row(
    api.AddPartitionsToTxn,
    3,
    {
      v3AndBelowTransactionalId: OPEN,
      v3AndBelowProducerId: 7n,
      v3AndBelowProducerEpoch: 0,
      v3AndBelowTopics: both(name => ({ name, partitions: [0] })),
    },
    ['open-0 OPERATION_NOT_ATTEMPTED', `closed-0 ${T}`],
  ),
  row(api.AddOffsetsToTxn, 3, { ...identity, transactionalId: OPEN, groupId: CLOSED }, [G]),
  row(api.EndTxn, 3, { ...identity, transactionalId: CLOSED, committed: true }, [X]),
  row(
    api.TxnOffsetCommit,
    3,
    {
      ...identity,
      ...member,
      transactionalId: CLOSED,
      groupId: OPEN,
      topics: both(name => ({
        name,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }],
      })),
    },
    [`open-0 ${X}`, `closed-0 ${X}`],
  ),
  row(api.DescribeTransactions, 0, { transactionalIds: [CLOSED] }, [`closed ${X}`]),
  row(api.DescribeProducers, 0, { topics: both(name => ({ name, partitionIndexes: [0] })) }, [
    'open-0 NONE',
    `closed-0 ${T}`,
  ]),
  row(
    api.CreateTopics,
    6,
    {
      topics: ['open-made', 'closed-made'].map(name => ({
        name,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
      validateOnly: true,
    },
    ['open-made NONE', `closed-made ${T}`],
  ),
  row(api.DeleteTopics, 5, { topicNames: ['open-no', CLOSED], timeoutMs: 5000 }, [
    'open-no UNKNOWN_TOPIC_OR_PARTITION',
    `closed ${T}`,
  ]),
  row(
    api.CreatePartitions,
    3,
    {
      topics: [{ name: CLOSED, count: 9, assignments: null }],
      timeoutMs: 5000,
      validateOnly: true,
    },
    [`closed ${T}`],
  ),
  row(
    api.DeleteRecords,
    2,
    {
      topics: both(name => ({ name, partitions: [{ partitionIndex: 0, offset: 0 }] })),
      timeoutMs: 5000,
    },
    ['open-0 NONE', `closed-0 ${T}`],
  ),
  row(
    api.DescribeConfigs,
    4,
    {
      resources: [
        { resourceType: 2, resourceName: CLOSED, configurationKeys: [] },
        { resourceType: 4, resourceName: '1', configurationKeys: [] },
        { resourceType: 32, resourceName: CLOSED, configurationKeys: [] },
      ],
      includeSynonyms: false,
      includeDocumentation: false,
    },
    [`2:closed ${T}`, `4:1 ${C}`, `32:closed ${G}`],
  ),
  row(
    api.IncrementalAlterConfigs,
    1,
    {
      resources: [
        { resourceType: 2, resourceName: CLOSED, configs: [] },
        { resourceType: 4, resourceName: '1', configs: [] },
      ],
      validateOnly: true,
    },
    [`2:closed ${T}`, `4:1 ${C}`],
  ),
  row(api.DescribeAcls, 3, filter, [C]),
  row(
    api.CreateAcls,
    3,
    {
      creations: [
        {
          resourceType: 2,
          resourceName: OPEN,
          principal: 'User:x',
          host: '*',
          operation: 3,
          permissionType: 3,
        },
      ],
    },
    [C],
  ),
  row(api.DeleteAcls, 3, { filters: [filter] }, [C]),
  row(api.DescribeLogDirs, 4, { topics: null }, [C]),
  row(api.ElectLeaders, 2, { electionType: 0, topicPartitions: null, timeoutMs: 5000 }, [C]),
  row(api.ListPartitionReassignments, 0, { topics: null, timeoutMs: 5000 }, [C]),
  row(api.DescribeClientQuotas, 1, { components: [], strict: false }, [C]),
  row(api.DescribeUserScramCredentials, 0, { users: [{ name: 'x' }] }, [C, C]),
  row(api.DescribeQuorum, 2, { topics: [] }, [C]),
  row(api.ListConfigResources, 1, { resourceTypes: [] }, [C]),
]

/** All errors of a response, each with the names that it is about. */
export function verdicts(response: unknown): string[] {
  const found = collect(response, '')
  // A response as a whole is well where it has no place for an error, too.
  return found.filter(each => each !== 'NONE' || found.length === 1).sort()
}

type Message = Readonly<Record<string, unknown>>

function collect(value: unknown, about: string): string[] {
  if (Array.isArray(value)) return value.flatMap(item => collect(item, about))
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return []
  const message: Message = { ...value }
  const own = nameOf(message, about)
  const code = message.errorCode ?? message.partitionErrorCode
  const said = typeof code === 'number' ? [`${own} ${errorByCode(code).name}`.trim()] : []
  return [...said, ...Object.values(message).flatMap(inner => collect(inner, own))]
}

function nameOf(message: Message, about: string): string {
  const partition = [message.partitionIndex, message.partition, message.index].find(
    index => typeof index === 'number',
  )
  if (typeof partition === 'number') return `${about}-${partition}`
  if (typeof message.resourceType === 'number' && typeof message.resourceName === 'string') {
    return `${message.resourceType}:${message.resourceName}`
  }
  const names = [message.name, message.topic, message.groupId, message.key, message.transactionalId]
  const name = names.find(each => typeof each === 'string' && each !== '')
  return typeof name === 'string' ? name : about
}
