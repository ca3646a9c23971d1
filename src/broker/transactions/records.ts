import { versioned } from '../../protocol/schema/api.ts'
import { array, bigint64, int8, int16, int32, int64, string } from '../../protocol/schema/field.ts'
import { decodeVersioned, encodeVersioned } from '../../protocol/schema/prefixed.ts'
import {
  type Parts,
  partitionKey,
  STATE_NAMES,
  type TopicPartition,
  type TransactionState,
} from './states.ts'

/** The records of the transactions' log, as Kafka writes them, so that its tools can read ours. */
export const TransactionLogKey = versioned('TransactionLogKey', [0, 0], {
  transactionalId: string,
})

export const TransactionLogValue = versioned(
  'TransactionLogValue',
  [0, 1],
  {
    producerId: bigint64,
    previousProducerId: bigint64.tagged(0, 1).else(-1n).ignorable(),
    nextProducerId: bigint64.tagged(1, 1).else(-1n).ignorable(),
    producerEpoch: int16,
    transactionTimeoutMs: int32,
    transactionStatus: int8,
    transactionPartitions: array({ topic: string, partitionIds: array(int32) }).nullable(),
    transactionLastUpdateTimestampMs: int64,
    transactionStartTimestampMs: int64,
    clientTransactionVersion: int16.tagged(2, 1).else(0).ignorable(),
  },
  1,
)

/** The first version with tagged fields, which brokers of the first protocol can read too. */
const VALUE_VERSION = 1
const NOT_STARTED = -1

export interface TransactionRecord {
  readonly transactionalId: string
  /** Null where the transactional id is forgotten. */
  readonly state: TransactionState | null
}

export function keyBytes(transactionalId: string): Buffer {
  return encodeVersioned(TransactionLogKey, 0, { transactionalId })
}

export function stateBytes(state: TransactionState): Buffer {
  return encodeVersioned(TransactionLogValue, VALUE_VERSION, {
    producerId: state.producerId,
    previousProducerId: state.previousProducerId,
    nextProducerId: 'nextProducerId' in state ? state.nextProducerId : -1n,
    producerEpoch: state.producerEpoch,
    transactionTimeoutMs: state.timeoutMs,
    transactionStatus: STATE_NAMES.indexOf(state.is),
    transactionPartitions:
      'parts' in state
        ? byTopic(state.parts.values()).map(({ topic, partitions: partitionIds }) => ({
            topic,
            partitionIds,
          }))
        : null,
    transactionLastUpdateTimestampMs: state.updatedMs,
    transactionStartTimestampMs: 'startMs' in state ? state.startMs : NOT_STARTED,
    clientTransactionVersion: state.clientVersion,
  })
}

/** Reads a record. Throws a WireError for one that is damaged. */
export function readTransactionRecord(key: Buffer, value: Buffer | null): TransactionRecord {
  const { transactionalId } = decodeVersioned(TransactionLogKey, key)
  return { transactionalId, state: value === null ? null : readState(value) }
}

function readState(value: Buffer): TransactionState {
  const read = decodeVersioned(TransactionLogValue, value)
  const { producerId, previousProducerId, producerEpoch, nextProducerId } = read
  const identity = {
    producerId,
    previousProducerId,
    producerEpoch,
    lastProducerEpoch: lastEpochOf(producerEpoch, read.clientTransactionVersion),
    timeoutMs: read.transactionTimeoutMs,
    clientVersion: read.clientTransactionVersion,
    updatedMs: read.transactionLastUpdateTimestampMs,
  }
  const parts: Parts = new Map(
    (read.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
      partitionIds.map(partition => [partitionKey({ topic, partition }), { topic, partition }]),
    ),
  )
  const startMs = read.transactionStartTimestampMs
  const is = STATE_NAMES[read.transactionStatus] ?? 'Empty'
  switch (is) {
    case 'Empty':
    case 'Dead':
      return { ...identity, is }
    case 'Ongoing':
    case 'PrepareEpochFence':
      return { ...identity, is: 'Ongoing', startMs, parts }
    case 'PrepareCommit':
    case 'PrepareAbort':
      return { ...identity, is, startMs, parts, nextProducerId }
    default:
      return { ...identity, is, startMs }
  }
}

/** The log does not keep it; but where each end bumps the epoch, it can be no other. */
function lastEpochOf(producerEpoch: number, clientVersion: number): number {
  return clientVersion === 2 ? producerEpoch - 1 : -1
}

/** Partitions by their topics, as messages carry them. */
export function byTopic(
  parts: Iterable<TopicPartition>,
): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of parts) {
    const known = topics.get(topic)
    if (known) known.push(partition)
    else topics.set(topic, [partition])
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
