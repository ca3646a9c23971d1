/**
 * WriteTxnMarkers, versions 1 and 2.
 *
 * - Ends a producer's transaction in partitions of this broker: what coordinators send, and admin
 *   clients to abort a hanging transaction. A coordinator of an older epoch is refused with
 *   TRANSACTION_COORDINATOR_FENCED, an older producer epoch with INVALID_PRODUCER_EPOCH.
 * - 2: with transaction version 2, the marker must bring a new producer epoch (KIP-1228).
 */
import { WriteTxnMarkers, type WriteTxnMarkersRequest } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { writeMarker } from '../transactions/markers.ts'
import { code, leadershipError } from './answers.ts'

type Asked = WriteTxnMarkersRequest['markers'][number]

export const writeTxnMarkers = on(WriteTxnMarkers, [1, 2], async (request, context) => {
  const markers = request.markers.map(async marker => ({
    producerId: marker.producerId,
    topics: await Promise.all(
      marker.topics.map(async ({ name, partitionIndexes }) => ({
        name,
        partitions: await Promise.all(
          partitionIndexes.map(async partitionIndex => ({
            partitionIndex,
            errorCode: await write(marker, name, partitionIndex, context),
          })),
        ),
      })),
    ),
  }))
  return { markers: await Promise.all(markers) }
})

async function write(
  asked: Asked,
  topic: string,
  index: number,
  context: Context,
): Promise<number> {
  const { cluster } = context
  const partition = cluster.topics.named(topic)?.partitions[index]
  if (!partition) return code('UNKNOWN_TOPIC_OR_PARTITION')
  const refusal = leadershipError(partition, context, -1)
  if (refusal) return code(refusal)
  const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = asked
  const marker = {
    producerId,
    producerEpoch,
    coordinatorEpoch,
    transactionVersion,
    committed: asked.transactionResult,
  }
  try {
    const error = await writeMarker(cluster, partition, marker)
    return error ? code(error) : 0
  } catch {
    return code('KAFKA_STORAGE_ERROR')
  }
}
