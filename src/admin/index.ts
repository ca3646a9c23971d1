export {
  type Acl,
  type AclFilter,
  type AclOperation,
  type AclPatternType,
  type AclPermission,
  type AclResourceType,
  aclOperations,
  type NewAcl,
} from './acls.ts'
export { Admin, type AdminOptions, adminOptions } from './admin.ts'
export type {
  BrokerDescription,
  ClusterDescription,
  FeatureDescription,
  FeatureUpdate,
  QuorumDescription,
  QuorumReplica,
} from './cluster-info.ts'
export {
  type ConfigChange,
  type ConfigChanges,
  type ConfigEntry,
  type ConfigResource,
  type ConfigResourceType,
  type ConfigSource,
  configResourceTypes,
} from './configs.ts'
export type { CallOptions } from './errand.ts'
export type { BrokerFailure } from './gather.ts'
export type {
  ClassicGroup,
  ConsumerGroup,
  ConsumerMemberDescription,
  GroupDescription,
  GroupMemberDescription,
  TopicPartitions,
} from './group-description.ts'
export type {
  GroupList,
  GroupListing,
  GroupOffset,
  GroupState,
  GroupType,
  ListGroupsOptions,
} from './groups.ts'
export type { HangingTransaction } from './hanging.ts'
export type { GroupLag, PartitionLag } from './lag.ts'
export type { LogDir, LogDirMove, LogReplica } from './log-dirs.ts'
export type { ActiveProducer } from './producers.ts'
export type { Quota, QuotaChanges, QuotaEntity, QuotaFilter, QuotaValues } from './quotas.ts'
export type { FoundOffset, OffsetQuestion, OffsetSpec, RecordsBefore } from './records.ts'
export type { ElectionOutcome, OngoingReassignment, Reassignment } from './replicas.ts'
export { type ItemResult, orThrow } from './result.ts'
export type {
  NewScramCredential,
  ScramCredential,
  ScramDeletion,
  ScramMechanism,
} from './scram.ts'
export type {
  CreatedTopic,
  CreateTopicsOptions,
  MorePartitions,
  NewTopic,
  PartitionDescription,
  TopicDescription,
  TopicRef,
} from './topics.ts'
export type {
  HangingPlace,
  TransactionDescription,
  TransactionList,
  TransactionListing,
  TransactionState,
} from './transactions.ts'
