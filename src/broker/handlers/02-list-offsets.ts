/**
 * ListOffsets, versions 1 to 11.
 *
 * - Timestamp -1 is the latest offset (with read_committed, from version 2 on, the last stable
 *   one), -2 the earliest; any other that is not negative, the first record as late as that.
 * - 4: leader epochs are checked and told. 7: -3 is the record with the greatest timestamp.
 *   8: -4 is the earliest offset on the broker itself. 9: -5 is the latest that was tiered, and
 *   11: -6 the earliest that is still to be: nothing ever is, so neither exists.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { ListOffsets, type ListOffsetsRequest } from '../../protocol/messages/index.ts'
import type { ResponseInput } from '../../protocol/schema/api.ts'
import { parseBatch } from '../../records/index.ts'
import { type Context, on } from '../handler.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import { code, leadershipError } from './answers.ts'

type PartitionAnswer = ResponseInput<typeof ListOffsets>['topics'][number]['partitions'][number]
type Wanted = ListOffsetsRequest['topics'][number]['partitions'][number]

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING = -6

/** The first version that knows each special timestamp; before it, it is an unknown one. */
const SINCE: Readonly<Record<number, number>> = {
  [LATEST]: 1,
  [EARLIEST]: 1,
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [LATEST_TIERED]: 9,
  [EARLIEST_PENDING]: 11,
}

export const listOffsets = on(
  ListOffsets,
  [1, 11],
  async (request, context) => {
    const isCommitted = request.isolationLevel === 1
    const twice = repeated(request)
    const topics: ResponseInput<typeof ListOffsets>['topics'][number][] = []
    for (const { name, partitions } of request.topics) {
      const answers: PartitionAnswer[] = []
      for (const wanted of partitions) {
        answers.push(
          twice.has(`${name}-${wanted.partitionIndex}`)
            ? failed(wanted, 'INVALID_REQUEST')
            : await answer(name, wanted, isCommitted, context),
        )
      }
      topics.push({ name, partitions: answers })
    }
    return { topics }
  },
  { fails: 'inside' },
)

function repeated({ topics }: ListOffsetsRequest): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const place = `${name}-${partitionIndex}`
      if (seen.has(place)) twice.add(place)
      seen.add(place)
    }
  }
  return twice
}

async function answer(
  name: string,
  wanted: Wanted,
  isCommitted: boolean,
  context: Context,
): Promise<PartitionAnswer> {
  const { timestamp, partitionIndex, currentLeaderEpoch } = wanted
  const partition = context.cluster.topics.named(name)?.partitions[partitionIndex]
  if (!partition) return failed(wanted, 'UNKNOWN_TOPIC_OR_PARTITION')
  const error =
    context.failureOf(name, partitionIndex) ??
    leadershipError(partition, context, currentLeaderEpoch)
  if (error) return failed(wanted, error)
  if (timestamp < 0 && context.version < (SINCE[timestamp] ?? Number.POSITIVE_INFINITY)) {
    return failed(wanted, 'UNSUPPORTED_VERSION')
  }
  const { log } = partition
  const found = await find(log, timestamp, isCommitted)
  if (!found) return { partitionIndex, errorCode: 0 }
  const leaderEpoch = timestamp === LATEST ? partition.leaderEpoch : log.epochs.at(found.offset)
  return {
    partitionIndex,
    errorCode: 0,
    ...found,
    ...(context.version >= 4 && { leaderEpoch }),
  }
}

interface Found {
  readonly offset: number
  readonly timestamp: number
}

async function find(
  log: PartitionLog,
  timestamp: number,
  isCommitted: boolean,
): Promise<Found | undefined> {
  const end = isCommitted ? log.lastStableOffset : log.highWatermark
  switch (timestamp) {
    case LATEST:
      return { offset: end, timestamp: -1 }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: log.startOffset, timestamp: -1 }
    case LATEST_TIERED:
    case EARLIEST_PENDING:
      return undefined
    case MAX_TIMESTAMP:
      return log.maxTimestamp < 0 ? undefined : atTime(log, log.maxTimestamp, end)
    default:
      return atTime(log, timestamp, end)
  }
}

async function atTime(
  log: PartitionLog,
  timestamp: number,
  end: number,
): Promise<Found | undefined> {
  const bytes = await log.batchAsLateAs(timestamp)
  if (!bytes) return undefined
  const cursor = parseBatch(bytes).cursor()
  while (cursor.next()) {
    const { offset } = cursor
    if (offset >= end) return undefined
    if (cursor.timestamp >= timestamp && offset >= log.startOffset) {
      return { offset, timestamp: cursor.timestamp }
    }
  }
  return undefined
}

function failed({ partitionIndex }: Wanted, error: ErrorName): PartitionAnswer {
  return { partitionIndex, errorCode: code(error) }
}
