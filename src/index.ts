/**
 * posthaste: the Kafka client for TypeScript.
 *
 * @example
 * import { Producer } from 'posthaste'
 * const producer = new Producer({ 'bootstrap.servers': 'localhost:9092' })
 * const { partition, offset } = await producer.send({ topic: 'orders', key: '7', value: 'a book' })
 * await producer.close()
 */
export * from './admin/index.ts'
export { canonicalJson, canonicalJsonSerializer } from './canonical-json.ts'
export type { GroupMetadata } from './cluster/group-metadata.ts'
export { Consumer, type LoopOptions, type TopicPartitionStart } from './consumer/consumer.ts'
export type {
  ConsumerEvents,
  PartitionPosition,
  RebalanceListener,
  StalledPartition,
} from './consumer/consumer-events.ts'
export type {
  Assignments,
  Assignor,
  AssignorInput,
  GroupMember,
} from './consumer/group/assignors/index.ts'
export type { Deserializers, Message } from './consumer/message.ts'
export type { MessageBatch } from './consumer/message-batch.ts'
export type { CommitOffset, CommittedOffset } from './consumer/offsets.ts'
export { type BadRecordPolicy, type ConsumerOptions, consumerOptions } from './consumer/options.ts'
export type { TopicPartition } from './consumer/partition.ts'
export { type DeadLetter, deadLetterRecord } from './consumer/run/dead-letter.ts'
export type { FailurePolicy, HandlerContext, RunOptions } from './consumer/run/options.ts'
export type { WaitsFor } from './consumer/stall.ts'
export type { StartAt } from './consumer/start.ts'
export type { ConsumerMetrics } from './consumer/statistics.ts'
export * from './errors.ts'
export {
  type AnyEvent,
  type EventName,
  type EventOf,
  type EventSource,
  type Events,
  listen,
  listenTo,
} from './events.ts'
export { consoleLogger, type Logger, type LogLevel, pinoLogger, silentLogger } from './logger.ts'
export type {
  Credentials,
  SaslExchange,
  SaslMechanism,
} from './net/sasl/mechanism.ts'
export type { Token } from './net/sasl/token-cache.ts'
export {
  type Attendant,
  type BatchInWork,
  listenToOperation,
  type MessageInWork,
  type Operation,
  type OperationFacts,
  type OperationHeader,
  type OperationName,
  type OperationOutcome,
  type Operations,
  type StoredAt,
} from './operations.ts'
export type {
  DeliveryCallback,
  DeliveryReport,
  Headers,
  HeaderValue,
  ProducerRecord,
} from './producer/delivery.ts'
export type { Explanation } from './producer/explain.ts'
export { keyPartition } from './producer/key-partition.ts'
export { type ProducerOptions, producerOptions } from './producer/options.ts'
export {
  javaPartition,
  type PartitionedRecord,
  type Partitioner,
  type PartitionerName,
  type PartitionFunction,
} from './producer/partitioner.ts'
export {
  Producer,
  type ProducerEvents,
  type TransactionScope,
} from './producer/producer.ts'
export type { Serializers } from './producer/records.ts'
export type { ThrottleEvent } from './producer/sender.ts'
export type { ProducerMetrics } from './producer/statistics.ts'
export type { ProducerStats } from './producer/stats-event.ts'
export { type ReadProcessWriteOptions, readProcessWrite } from './read-process-write.ts'
export * from './serializers.ts'
export { version } from './version.ts'
