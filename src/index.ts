/**
 * posthaste: the Kafka client for TypeScript.
 *
 * @example
 * import { Producer } from 'posthaste'
 * const producer = new Producer({ 'bootstrap.servers': 'localhost:9092' })
 * const { partition, offset } = await producer.send({ topic: 'orders', key: '7', value: 'a book' })
 * await producer.close()
 */
export { Admin, type AdminOptions } from './admin/admin.ts'
export type { ConfigEntry } from './admin/configs.ts'
export type { ItemResult } from './admin/result.ts'
export type { NewTopic, PartitionDescription, TopicDescription } from './admin/topics.ts'
export {
  Consumer,
  type LoopOptions,
  type PartitionPosition,
  type TopicPartitionOffset,
  type TopicPartitionStart,
} from './consumer/consumer.ts'
export type { ConsumerEvents } from './consumer/consumer-events.ts'
export type { Deserializers, Message } from './consumer/message.ts'
export type { MessageBatch } from './consumer/message-batch.ts'
export type { BadRecordPolicy, ConsumerOptions } from './consumer/options.ts'
export type { TopicPartition } from './consumer/partition.ts'
export type { StartAt } from './consumer/start.ts'
export * from './errors.ts'
export { type EventName, type EventOf, type Events, listen } from './events.ts'
export { consoleLogger, type Logger, type LogLevel, pinoLogger, silentLogger } from './logger.ts'
export type {
  DeliveryCallback,
  DeliveryReport,
  Headers,
  HeaderValue,
  ProducerRecord,
} from './producer/delivery.ts'
export type { Explanation } from './producer/explain.ts'
export type { ProducerOptions } from './producer/options.ts'
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
export * from './serializers.ts'
export { version } from './version.ts'
