/** What an error code of the protocol means. */
export interface ErrorEntry {
  readonly code: number
  /** Kafka's own name. */
  readonly name: ErrorName
  /** The same request may succeed later. */
  readonly retriable: boolean
  /** What we know of leaders and topics is out of date: ask for metadata before trying again. */
  readonly refreshesMetadata: boolean
  /** What happened, in one sentence. */
  readonly text: string
}

/** What a client can do: nothing, try again, or learn the metadata anew and try again. */
type Remedy = 'none' | 'retry' | 'refresh'

type Row = readonly [code: number, name: string, remedy: Remedy, text: string]

const ROWS = [
  [
    -1,
    'UNKNOWN_SERVER_ERROR',
    'none',
    'the broker failed in a way it has no code for; see its log',
  ],
  [0, 'NONE', 'none', 'no error'],
  [1, 'OFFSET_OUT_OF_RANGE', 'none', 'the offset lies before the start or past the end of the log'],
  [
    2,
    'CORRUPT_MESSAGE',
    'retry',
    'a batch has a wrong checksum or size, or a record without a key in a compacted topic',
  ],
  [
    3,
    'UNKNOWN_TOPIC_OR_PARTITION',
    'refresh',
    'the broker has no such topic or partition (it may be new, deleted, or hidden from this user)',
  ],
  [4, 'INVALID_FETCH_SIZE', 'none', 'the size asked for in a fetch is not allowed'],
  [5, 'LEADER_NOT_AVAILABLE', 'refresh', 'the partition has no leader at the moment'],
  [
    6,
    'NOT_LEADER_OR_FOLLOWER',
    'refresh',
    'this broker does not lead (or replicate) the partition any more',
  ],
  [
    7,
    'REQUEST_TIMED_OUT',
    'retry',
    'the broker could not finish in the time that the request allowed',
  ],
  [8, 'BROKER_NOT_AVAILABLE', 'none', 'the broker that is needed is not alive'],
  [9, 'REPLICA_NOT_AVAILABLE', 'refresh', 'the broker holds no usable replica of the partition'],
  [
    10,
    'MESSAGE_TOO_LARGE',
    'none',
    'the batch is larger than the topic accepts (max.message.bytes)',
  ],
  [
    11,
    'STALE_CONTROLLER_EPOCH',
    'none',
    'the request comes from a controller that has been replaced',
  ],
  [12, 'OFFSET_METADATA_TOO_LARGE', 'none', 'the metadata committed beside an offset is too long'],
  [13, 'NETWORK_EXCEPTION', 'refresh', 'the connection ended before an answer came'],
  [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'retry', 'the coordinator is still reading its state'],
  [15, 'COORDINATOR_NOT_AVAILABLE', 'retry', 'no broker can act as coordinator at the moment'],
  [16, 'NOT_COORDINATOR', 'retry', 'another broker is the coordinator now; find it again'],
  [
    17,
    'INVALID_TOPIC_EXCEPTION',
    'none',
    'the topic has a name that is not allowed, or can not be used in this way',
  ],
  [18, 'RECORD_LIST_TOO_LARGE', 'none', 'the batch is larger than a segment of the log'],
  [
    19,
    'NOT_ENOUGH_REPLICAS',
    'retry',
    'fewer replicas are in sync than min.insync.replicas asks for; nothing was written',
  ],
  [
    20,
    'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
    'retry',
    'the batch was written, but to fewer in-sync replicas than min.insync.replicas asks for',
  ],
  [21, 'INVALID_REQUIRED_ACKS', 'none', 'acks must be 0, 1 or all (-1)'],
  [22, 'ILLEGAL_GENERATION', 'none', 'the group has moved on to another generation; join it again'],
  [
    23,
    'INCONSISTENT_GROUP_PROTOCOL',
    'none',
    'this member shares no assignor or protocol type with the rest of the group',
  ],
  [24, 'INVALID_GROUP_ID', 'none', 'the group id is empty or not allowed'],
  [
    25,
    'UNKNOWN_MEMBER_ID',
    'none',
    'the coordinator does not know this member (any more); join the group again',
  ],
  [
    26,
    'INVALID_SESSION_TIMEOUT',
    'none',
    "the session timeout lies outside the broker's group.min/max.session.timeout.ms",
  ],
  [27, 'REBALANCE_IN_PROGRESS', 'none', 'the group is rebalancing; join it again'],
  [
    28,
    'INVALID_COMMIT_OFFSET_SIZE',
    'none',
    'the offsets committed at once are more than a record can hold',
  ],
  [29, 'TOPIC_AUTHORIZATION_FAILED', 'none', 'this user may not do that with the topic'],
  [30, 'GROUP_AUTHORIZATION_FAILED', 'none', 'this user may not do that with the group'],
  [31, 'CLUSTER_AUTHORIZATION_FAILED', 'none', 'this user may not do that with the cluster'],
  [
    32,
    'INVALID_TIMESTAMP',
    'none',
    "a record's timestamp is too far from now (message.timestamp.before/after.max.ms)",
  ],
  [33, 'UNSUPPORTED_SASL_MECHANISM', 'none', 'the broker does not offer this SASL mechanism'],
  [
    34,
    'ILLEGAL_SASL_STATE',
    'none',
    'the request does not belong at this point of the authentication',
  ],
  [35, 'UNSUPPORTED_VERSION', 'none', 'the broker does not speak this version of the request'],
  [36, 'TOPIC_ALREADY_EXISTS', 'none', 'a topic of this name exists already'],
  [37, 'INVALID_PARTITIONS', 'none', 'the number of partitions is not possible'],
  [
    38,
    'INVALID_REPLICATION_FACTOR',
    'none',
    'the replication factor is below 1 or above the number of brokers',
  ],
  [39, 'INVALID_REPLICA_ASSIGNMENT', 'none', 'the replicas named for a partition are not possible'],
  [40, 'INVALID_CONFIG', 'none', 'a configuration value is not allowed'],
  [41, 'NOT_CONTROLLER', 'retry', 'another broker is the controller now'],
  [
    42,
    'INVALID_REQUEST',
    'none',
    'the broker can make no sense of the request; its log may say why',
  ],
  [
    43,
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    'none',
    "the topic's message format is too old for this request",
  ],
  [
    44,
    'POLICY_VIOLATION',
    'none',
    "a policy on the broker forbids this; the broker's own words say which",
  ],
  [
    45,
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'none',
    'the sequence number is not the one that follows the last batch of this producer',
  ],
  [
    46,
    'DUPLICATE_SEQUENCE_NUMBER',
    'none',
    'the broker holds a batch of this sequence number already',
  ],
  [
    47,
    'INVALID_PRODUCER_EPOCH',
    'none',
    'a newer producer epoch has been seen for this producer id',
  ],
  [48, 'INVALID_TXN_STATE', 'none', 'the transaction is not in a state that allows this'],
  [
    49,
    'INVALID_PRODUCER_ID_MAPPING',
    'none',
    'the producer id does not belong to this transactional id (any more)',
  ],
  [
    50,
    'INVALID_TRANSACTION_TIMEOUT',
    'none',
    "the transaction timeout is above the broker's transaction.max.timeout.ms",
  ],
  [
    51,
    'CONCURRENT_TRANSACTIONS',
    'retry',
    'the previous transaction of this transactional id is still being completed',
  ],
  [
    52,
    'TRANSACTION_COORDINATOR_FENCED',
    'none',
    'the marker comes from a transaction coordinator that has been replaced',
  ],
  [
    53,
    'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    'none',
    'this user may not use the transactional id',
  ],
  [54, 'SECURITY_DISABLED', 'none', 'the cluster has no authorizer, so that it keeps no ACLs'],
  [
    55,
    'OPERATION_NOT_ATTEMPTED',
    'none',
    'the broker gave up before it came to this part of the request',
  ],
  [56, 'KAFKA_STORAGE_ERROR', 'refresh', 'the disk that holds the log has failed'],
  [57, 'LOG_DIR_NOT_FOUND', 'none', 'the broker has no such log directory'],
  [58, 'SASL_AUTHENTICATION_FAILED', 'none', 'the broker does not accept these credentials'],
  [
    59,
    'UNKNOWN_PRODUCER_ID',
    'none',
    'the broker holds nothing of this producer id any more, its records having been deleted',
  ],
  [60, 'REASSIGNMENT_IN_PROGRESS', 'none', 'a reassignment of the partition is still running'],
  [61, 'DELEGATION_TOKEN_AUTH_DISABLED', 'none', 'the cluster does not offer delegation tokens'],
  [62, 'DELEGATION_TOKEN_NOT_FOUND', 'none', 'the cluster knows no such delegation token'],
  [
    63,
    'DELEGATION_TOKEN_OWNER_MISMATCH',
    'none',
    'this user neither owns the delegation token nor may renew it',
  ],
  [
    64,
    'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED',
    'none',
    'delegation tokens can not be managed over this kind of connection',
  ],
  [
    65,
    'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
    'none',
    'this user may not do that with the delegation token',
  ],
  [66, 'DELEGATION_TOKEN_EXPIRED', 'none', 'the delegation token has expired'],
  [67, 'INVALID_PRINCIPAL_TYPE', 'none', 'principals of this type are not supported'],
  [68, 'NON_EMPTY_GROUP', 'none', 'the group still has members'],
  [69, 'GROUP_ID_NOT_FOUND', 'none', 'there is no group of this id'],
  [
    70,
    'FETCH_SESSION_ID_NOT_FOUND',
    'retry',
    'the broker has forgotten the fetch session; begin a new one',
  ],
  [71, 'INVALID_FETCH_SESSION_EPOCH', 'retry', 'the fetch session is out of step; begin a new one'],
  [
    72,
    'LISTENER_NOT_FOUND',
    'refresh',
    "the partition's leader has no listener of the kind that was asked",
  ],
  [
    73,
    'TOPIC_DELETION_DISABLED',
    'none',
    'the cluster does not allow topics to be deleted (delete.topic.enable)',
  ],
  [
    74,
    'FENCED_LEADER_EPOCH',
    'refresh',
    'the partition has had another leader since the one we know',
  ],
  [
    75,
    'UNKNOWN_LEADER_EPOCH',
    'retry',
    'the broker has not yet heard of the leader epoch that we know',
  ],
  [
    76,
    'UNSUPPORTED_COMPRESSION_TYPE',
    'none',
    'the compression is not supported in this version of the request or topic',
  ],
  [77, 'STALE_BROKER_EPOCH', 'none', 'the broker has registered anew since the request was made'],
  [78, 'OFFSET_NOT_AVAILABLE', 'retry', 'the new leader does not know the end of the log yet'],
  [79, 'MEMBER_ID_REQUIRED', 'none', 'join again with the member id that the answer gives'],
  [
    80,
    'PREFERRED_LEADER_NOT_AVAILABLE',
    'refresh',
    'the preferred leader is not alive or not in sync',
  ],
  [
    81,
    'GROUP_MAX_SIZE_REACHED',
    'none',
    'the group has as many members as the broker allows (group.max.size)',
  ],
  [82, 'FENCED_INSTANCE_ID', 'none', 'another member has joined with the same group.instance.id'],
  [83, 'ELIGIBLE_LEADERS_NOT_AVAILABLE', 'refresh', 'no replica that could lead is alive'],
  [84, 'ELECTION_NOT_NEEDED', 'refresh', 'the partition has the right leader already'],
  [85, 'NO_REASSIGNMENT_IN_PROGRESS', 'none', 'the partition is not being reassigned'],
  [
    86,
    'GROUP_SUBSCRIBED_TO_TOPIC',
    'none',
    'the group still consumes the topic, so that its offsets can not be deleted',
  ],
  [
    87,
    'INVALID_RECORD',
    'none',
    'the broker refused a record of the batch; the per-record errors say which',
  ],
  [88, 'UNSTABLE_OFFSET_COMMIT', 'retry', 'a transaction that commits these offsets is still open'],
  [89, 'THROTTLING_QUOTA_EXCEEDED', 'retry', 'this user has used up the quota for changes'],
  [90, 'PRODUCER_FENCED', 'none', 'a newer producer uses the same transactional id'],
  [91, 'RESOURCE_NOT_FOUND', 'none', 'what the request names does not exist'],
  [92, 'DUPLICATE_RESOURCE', 'none', 'the request names the same thing twice'],
  [
    93,
    'UNACCEPTABLE_CREDENTIAL',
    'none',
    'the credential does not meet what the cluster asks of one',
  ],
  [
    94,
    'INCONSISTENT_VOTER_SET',
    'none',
    'sender or receiver is not one of the voters that the other expects',
  ],
  [95, 'INVALID_UPDATE_VERSION', 'none', 'a version of the update is not allowed'],
  [96, 'FEATURE_UPDATE_FAILED', 'none', 'the finalized features could not be changed'],
  [
    97,
    'PRINCIPAL_DESERIALIZATION_FAILURE',
    'none',
    'the controller can not read the principal of a forwarded request',
  ],
  [98, 'SNAPSHOT_NOT_FOUND', 'none', 'the broker has no such snapshot'],
  [99, 'POSITION_OUT_OF_RANGE', 'none', 'the position lies outside the snapshot'],
  [
    100,
    'UNKNOWN_TOPIC_ID',
    'refresh',
    'the broker has no topic of this id (it may have been deleted and created anew)',
  ],
  [101, 'DUPLICATE_BROKER_REGISTRATION', 'none', 'another broker uses this id'],
  [102, 'BROKER_ID_NOT_REGISTERED', 'none', 'no broker of this id is registered'],
  [
    103,
    'INCONSISTENT_TOPIC_ID',
    'refresh',
    "the topic's id in the log is another than the one asked for",
  ],
  [104, 'INCONSISTENT_CLUSTER_ID', 'none', 'the request was meant for another cluster'],
  [105, 'TRANSACTIONAL_ID_NOT_FOUND', 'none', 'the coordinator knows no such transactional id'],
  [
    106,
    'FETCH_SESSION_TOPIC_ID_ERROR',
    'retry',
    'the fetch session mixes topics by name and by id; begin a new one',
  ],
  [107, 'INELIGIBLE_REPLICA', 'none', 'a replica that may not be in sync was named as such'],
  [
    108,
    'NEW_LEADER_ELECTED',
    'none',
    'the change was made, and the partition has another leader since',
  ],
  [
    109,
    'OFFSET_MOVED_TO_TIERED_STORAGE',
    'none',
    'the offset lies in tiered storage, not on this broker',
  ],
  [
    110,
    'FENCED_MEMBER_EPOCH',
    'none',
    'the coordinator has fenced this member: it must drop its partitions and join again',
  ],
  [111, 'UNRELEASED_INSTANCE_ID', 'none', 'another member still holds this group.instance.id'],
  [112, 'UNSUPPORTED_ASSIGNOR', 'none', 'the group coordinator has no such assignor'],
  [
    113,
    'STALE_MEMBER_EPOCH',
    'none',
    "the member's epoch is out of date; the next heartbeat brings the new one",
  ],
  [
    114,
    'MISMATCHED_ENDPOINT_TYPE',
    'none',
    'the request was meant for the other kind of node (broker or controller)',
  ],
  [115, 'UNSUPPORTED_ENDPOINT_TYPE', 'none', 'this kind of endpoint is not supported'],
  [116, 'UNKNOWN_CONTROLLER_ID', 'none', 'there is no controller of this id'],
  [
    117,
    'UNKNOWN_SUBSCRIPTION_ID',
    'none',
    'the telemetry subscription is out of date; ask for the present one',
  ],
  [118, 'TELEMETRY_TOO_LARGE', 'none', 'the telemetry is larger than the broker accepts'],
  [
    119,
    'INVALID_REGISTRATION',
    'none',
    'the controller does not accept the registration of this broker',
  ],
  [
    120,
    'TRANSACTION_ABORTABLE',
    'none',
    'the transaction must be aborted; the transactional id can be used on after that',
  ],
  [
    121,
    'INVALID_RECORD_STATE',
    'none',
    'the record can not be acknowledged in the state that it is in',
  ],
  [
    122,
    'SHARE_SESSION_NOT_FOUND',
    'retry',
    'the broker has forgotten the share session; begin a new one',
  ],
  [
    123,
    'INVALID_SHARE_SESSION_EPOCH',
    'retry',
    'the share session is out of step; begin a new one',
  ],
  [124, 'FENCED_STATE_EPOCH', 'none', "the share group's state has a newer epoch"],
  [125, 'INVALID_VOTER_KEY', 'none', "the voter's key is not that of the replica which was asked"],
  [126, 'DUPLICATE_VOTER', 'none', 'this voter is one already'],
  [127, 'VOTER_NOT_FOUND', 'none', 'there is no such voter'],
  [
    128,
    'INVALID_REGULAR_EXPRESSION',
    'none',
    'the broker can not read the regular expression (it takes RE2 syntax)',
  ],
  [
    129,
    'REBOOTSTRAP_REQUIRED',
    'none',
    'what the client knows of the cluster is out of date; begin again from bootstrap.servers',
  ],
  [130, 'STREAMS_INVALID_TOPOLOGY', 'none', 'the topology of the streams group is not valid'],
  [131, 'STREAMS_INVALID_TOPOLOGY_EPOCH', 'none', 'the epoch of the streams topology is not valid'],
  [132, 'STREAMS_TOPOLOGY_FENCED', 'none', 'the streams topology has a newer epoch'],
  [
    133,
    'SHARE_SESSION_LIMIT_REACHED',
    'retry',
    'the broker holds as many share sessions as it allows',
  ],
] as const satisfies readonly Row[]

/** The names of all errors that a broker can answer with. */
export type ErrorName = (typeof ROWS)[number][1]

/** Every error code of Apache Kafka 4.3, by code. */
export const ERROR_TABLE: readonly ErrorEntry[] = ROWS.map(([code, name, remedy, text]) => ({
  code,
  name,
  retriable: remedy !== 'none',
  refreshesMetadata: remedy === 'refresh',
  text,
}))

const byCode = new Map(ERROR_TABLE.map(entry => [entry.code, entry]))
const byName = new Map<string, ErrorEntry>(ERROR_TABLE.map(entry => [entry.name, entry]))

/** What a code means. A code that we don't know reads as UNKNOWN_SERVER_ERROR with its number. */
export function errorByCode(code: number): ErrorEntry {
  const known = byCode.get(code)
  if (known) return known
  const text = `the broker answered with error code ${code}, which this client does not know`
  return { ...errorByName('UNKNOWN_SERVER_ERROR'), code, text }
}

/** The row of a name; undefined for what is no name of Kafka's. */
export function errorByName(name: ErrorName): ErrorEntry
export function errorByName(name: string): ErrorEntry | undefined
export function errorByName(name: string): ErrorEntry | undefined {
  return byName.get(name)
}
