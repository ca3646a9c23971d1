import type { ApiName } from './messages/index.ts'

/** What an ACL is about; the names are Kafka's. */
export type GuardedResource = 'TOPIC' | 'GROUP' | 'CLUSTER' | 'TRANSACTIONAL_ID'

/** What a request needs to be allowed. */
export interface Permission {
  readonly operation: string
  readonly resource: GuardedResource
  /** What would do as well. */
  readonly instead?: string
}

const refusals: ReadonlyMap<number, GuardedResource> = new Map([
  [29, 'TOPIC'],
  [30, 'GROUP'],
  [31, 'CLUSTER'],
  [53, 'TRANSACTIONAL_ID'],
])

type Needs = Readonly<Partial<Record<GuardedResource, string>>>

/** Per API, the operation that it needs on each kind of resource that it may be refused for. */
const operations: Readonly<Partial<Record<ApiName, Needs>>> = {
  Produce: { TOPIC: 'WRITE', CLUSTER: 'IDEMPOTENT_WRITE', TRANSACTIONAL_ID: 'WRITE' },
  Fetch: { TOPIC: 'READ', CLUSTER: 'CLUSTER_ACTION' },
  ListOffsets: { TOPIC: 'DESCRIBE' },
  Metadata: { TOPIC: 'DESCRIBE', CLUSTER: 'DESCRIBE' },
  OffsetCommit: { TOPIC: 'READ', GROUP: 'READ' },
  OffsetFetch: { TOPIC: 'DESCRIBE', GROUP: 'DESCRIBE' },
  FindCoordinator: { GROUP: 'DESCRIBE', TRANSACTIONAL_ID: 'DESCRIBE' },
  JoinGroup: { GROUP: 'READ' },
  Heartbeat: { GROUP: 'READ' },
  LeaveGroup: { GROUP: 'READ' },
  SyncGroup: { GROUP: 'READ' },
  DescribeGroups: { GROUP: 'DESCRIBE' },
  ListGroups: { GROUP: 'DESCRIBE', CLUSTER: 'DESCRIBE' },
  CreateTopics: { TOPIC: 'CREATE', CLUSTER: 'CREATE' },
  DeleteTopics: { TOPIC: 'DELETE' },
  DeleteRecords: { TOPIC: 'DELETE' },
  InitProducerId: { CLUSTER: 'IDEMPOTENT_WRITE', TRANSACTIONAL_ID: 'WRITE' },
  OffsetForLeaderEpoch: { TOPIC: 'DESCRIBE' },
  AddPartitionsToTxn: { TOPIC: 'WRITE', TRANSACTIONAL_ID: 'WRITE' },
  AddOffsetsToTxn: { GROUP: 'READ', TRANSACTIONAL_ID: 'WRITE' },
  EndTxn: { TRANSACTIONAL_ID: 'WRITE' },
  WriteTxnMarkers: { CLUSTER: 'ALTER' },
  TxnOffsetCommit: { TOPIC: 'READ', GROUP: 'READ', TRANSACTIONAL_ID: 'WRITE' },
  DescribeAcls: { CLUSTER: 'DESCRIBE' },
  CreateAcls: { CLUSTER: 'ALTER' },
  DeleteAcls: { CLUSTER: 'ALTER' },
  DescribeConfigs: {
    TOPIC: 'DESCRIBE_CONFIGS',
    GROUP: 'DESCRIBE_CONFIGS',
    CLUSTER: 'DESCRIBE_CONFIGS',
  },
  IncrementalAlterConfigs: {
    TOPIC: 'ALTER_CONFIGS',
    GROUP: 'ALTER_CONFIGS',
    CLUSTER: 'ALTER_CONFIGS',
  },
  AlterConfigs: { TOPIC: 'ALTER_CONFIGS', CLUSTER: 'ALTER_CONFIGS' },
  AlterReplicaLogDirs: { CLUSTER: 'ALTER' },
  DescribeLogDirs: { CLUSTER: 'DESCRIBE' },
  CreatePartitions: { TOPIC: 'ALTER' },
  DeleteGroups: { GROUP: 'DELETE' },
  ElectLeaders: { CLUSTER: 'ALTER' },
  AlterPartitionReassignments: { CLUSTER: 'ALTER' },
  ListPartitionReassignments: { CLUSTER: 'DESCRIBE' },
  OffsetDelete: { TOPIC: 'READ', GROUP: 'DELETE' },
  DescribeClientQuotas: { CLUSTER: 'DESCRIBE_CONFIGS' },
  AlterClientQuotas: { CLUSTER: 'ALTER_CONFIGS' },
  DescribeUserScramCredentials: { CLUSTER: 'DESCRIBE' },
  AlterUserScramCredentials: { CLUSTER: 'ALTER' },
  DescribeQuorum: { CLUSTER: 'DESCRIBE' },
  UpdateFeatures: { CLUSTER: 'ALTER' },
  DescribeCluster: { CLUSTER: 'DESCRIBE' },
  DescribeProducers: { TOPIC: 'READ' },
  UnregisterBroker: { CLUSTER: 'ALTER' },
  DescribeTransactions: { TRANSACTIONAL_ID: 'DESCRIBE' },
  ListTransactions: { TRANSACTIONAL_ID: 'DESCRIBE' },
  ConsumerGroupHeartbeat: { TOPIC: 'DESCRIBE', GROUP: 'READ' },
  ConsumerGroupDescribe: { TOPIC: 'DESCRIBE', GROUP: 'DESCRIBE' },
  ListConfigResources: { CLUSTER: 'DESCRIBE_CONFIGS' },
  DescribeTopicPartitions: { TOPIC: 'DESCRIBE' },
}

/** KIP-679: whoever may write somewhere may do so idempotently. */
const ANY_WRITE = 'from Kafka 2.8 on WRITE on any topic will do'

const byApi: ReadonlyMap<string, Needs> = new Map(Object.entries(operations))

/** What would have to be allowed for an API not to be refused with this error; else undefined. */
export function permissionFor(api: string, errorCode: number): Permission | undefined {
  const resource = refusals.get(errorCode)
  if (!resource) return undefined
  const operation = byApi.get(api)?.[resource]
  if (operation === undefined) return undefined
  const instead = operation === 'IDEMPOTENT_WRITE' ? ANY_WRITE : undefined
  return { operation, resource, ...(instead && { instead }) }
}
