/**
 * TxnOffsetCommit, versions 0 to 5.
 *
 * - Keeps offsets that count when the transaction is committed; until then OffsetFetch with
 *   `requireStable` says UNSTABLE_OFFSET_COMMIT. Answered when they are kept.
 * - 3: the member and its generation are checked (KIP-447). Before 5, the group's offsets must have
 *   been added by AddOffsetsToTxn: else TRANSACTION_ABORTABLE, before version 4 INVALID_TXN_STATE.
 *   5: they add themselves (KIP-890).
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { TxnOffsetCommit, type TxnOffsetCommitRequest } from '../../protocol/messages/index.ts'
import type { PartitionOffset } from '../groups/offsets/offset-table.ts'
import { type Context, on } from '../handler.ts'
import { NOT_KEPT } from '../model/internal-topic.ts'
import { type Admitted, admitPart } from '../transactions/admit.ts'
import { offsetsPartOf } from '../transactions/offsets-part.ts'
import { code } from './answers.ts'

const KNOWS_ABORTABLE = 4
const ADDS_ITSELF = 5

type Wanted = TxnOffsetCommitRequest['topics'][number]['partitions'][number]

export const txnOffsetCommit = on(
  TxnOffsetCommit,
  [0, 5],
  async (request, context) => {
    const offsets: PartitionOffset[] = []
    const judged = request.topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(wanted => {
        const error = problem(name, wanted, context)
        if (!error) offsets.push(offsetOf(name, wanted, context))
        return { partitionIndex: wanted.partitionIndex, error }
      }),
    }))
    const groupError = offsets.length === 0 ? undefined : await commit(request, offsets, context)
    return {
      topics: judged.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, error = groupError }) => ({
          partitionIndex,
          errorCode: error ? code(error) : 0,
        })),
      })),
    }
  },
  { fails: 'inside' },
)

async function commit(
  request: TxnOffsetCommitRequest,
  offsets: readonly PartitionOffset[],
  context: Context,
): Promise<ErrorName | undefined> {
  const { producerId, producerEpoch, groupId } = request
  const admitted = admit(request, context)
  if (admitted.error) return admitted.error
  try {
    const { groups } = context.cluster
    const kept = groups.commitPending({ producerId, producerEpoch }, groupId, offsets)
    await Promise.all([admitted.stored, kept])
    return undefined
  } catch {
    return NOT_KEPT
  }
}

/** Whether the group takes offsets from the member, and the transaction the group's. */
function admit(request: TxnOffsetCommitRequest, { cluster, node, version }: Context): Admitted {
  const { groupId, memberId, groupInstanceId, generationId: epoch, transactionalId } = request
  const { groups } = cluster
  const error = groups.coordinatorError(groupId, node.id)
  if (error) return { error }
  const protocol = {
    knowsAbortable: version >= KNOWS_ABORTABLE,
    addsItself: version >= ADDS_ITSELF,
  }
  const part = offsetsPartOf(groupId)
  const admitted = admitPart(cluster, transactionalId, request, part, protocol)
  if (admitted.error) return admitted
  const found = groups.find(groupId)
  if (!found && epoch >= 0) return { error: 'ILLEGAL_GENERATION' }
  const user = { memberId, instanceId: groupInstanceId, epoch }
  const refusal = (found ?? groups.classic(groupId))?.txnCommitError(user)
  return refusal ? { error: refusal } : admitted
}

function problem(
  name: string,
  { partitionIndex, committedMetadata }: Wanted,
  { cluster, failureOf }: Context,
): ErrorName | undefined {
  const failure = failureOf(name, partitionIndex)
  if (failure) return failure
  if (!cluster.topics.named(name)?.partitions[partitionIndex]) return 'UNKNOWN_TOPIC_OR_PARTITION'
  const { maxMetadataBytes } = cluster.groups.host.settings
  const isTooLong = Buffer.byteLength(committedMetadata ?? '') > maxMetadataBytes
  return isTooLong ? 'OFFSET_METADATA_TOO_LARGE' : undefined
}

function offsetOf(topic: string, wanted: Wanted, { cluster }: Context): PartitionOffset {
  return {
    topic,
    partition: wanted.partitionIndex,
    offset: wanted.committedOffset,
    leaderEpoch: wanted.committedLeaderEpoch,
    metadata: wanted.committedMetadata ?? '',
    commitMs: cluster.clock.epoch(),
  }
}
