import { systemClock } from '../../src/base/clock.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { clientOptions, configure } from '../../src/cluster/options.ts'
import { Fetch } from '../../src/protocol/index.ts'
import { type RecordBatch, readBatches } from '../../src/records/batch-reader.ts'
import { readControlRecord } from '../../src/records/control.ts'

export interface StoredRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
  readonly codec: number
}

const READ_COMMITTED = 1
const NOT_LEADER_OR_FOLLOWER = 6
/**
 * A transaction whose program was killed is in the way until it times out: after the 20 s of the
 * programs here, and the 10 s between two looks of a broker's.
 */
const LIMIT_MS = 60_000

/**
 * All records of a topic by plain Fetch requests, so that what a producer did is looked at without
 * a consumer between. Records of aborted transactions are left out, as the aborted lists say.
 */
export async function readBack(bootstrapServers: string, topic: string): Promise<StoredRecord[]> {
  const { values } = configure(clientOptions, { 'bootstrap.servers': bootstrapServers })
  const cluster = new Cluster({ config: values, autoCreateTopics: false })
  try {
    const { partitions } = await cluster.topic(topic)
    const reads = partitions.map(({ partition }) => readPartition(cluster, topic, partition))
    return (await Promise.all(reads)).flat()
  } finally {
    cluster.close()
  }
}

async function readPartition(cluster: Cluster, topic: string, partition: number) {
  const records: StoredRecord[] = []
  const deadline = systemClock.now() + LIMIT_MS
  // Where the log ended when it was first looked at: whoever goes on writing moves its end on.
  let end: number | undefined
  for (let offset = 0; systemClock.now() < deadline; ) {
    const answer = await fetchOnce(cluster, topic, partition, offset)
    if (answer.errorCode === NOT_LEADER_OR_FOLLOWER) {
      // Whoever was asked for the leader may have come back just now, and know an earlier one.
      await cluster.refresh()
      continue
    }
    const aborted = new AbortedBatches(answer.abortedTransactions ?? [])
    for (const batch of answer.records?.length ? readBatches(answer.records) : []) {
      offset = batch.nextOffset
      if (!aborted.isReadable(batch)) continue
      for (const record of batch.cursor()) {
        records.push({
          partition,
          offset: record.offset,
          timestamp: record.timestamp,
          key: record.key?.toString() ?? null,
          value: record.value?.toString() ?? null,
          headers: record.headers.map(({ key, value }) => [key, value?.toString() ?? null]),
          codec: batch.codec,
        })
      }
    }
    end ??= answer.highWatermark
    // The answer to a commit comes before the markers are everywhere.
    if (offset >= end) return records
  }
  throw new Error(`${topic} [${partition}] could not be read to its end`)
}

interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** Tells, batch by batch in their order, what readers of committed records see. */
export class AbortedBatches {
  readonly #aborted: AbortedTransaction[]

  /** The aborted transactions that a fetch named with its records. */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  }

  isReadable(batch: RecordBatch): boolean {
    if (batch.isControl) this.#end(batch)
    return !batch.isControl && !this.#isAborted(batch)
  }

  /** A batch is aborted from where the list says that its transaction began, up to its marker. */
  #isAborted(batch: RecordBatch): boolean {
    if (!batch.isTransactional) return false
    return this.#aborted.some(each => begins(each, batch))
  }

  #end(batch: RecordBatch): void {
    const cursor = batch.cursor()
    cursor.next()
    if (readControlRecord(cursor).is !== 'abort') return
    // A marker may end a transaction that has nothing here; that one is not in the list.
    const at = this.#aborted.findIndex(each => begins(each, batch))
    if (at >= 0) this.#aborted.splice(at, 1)
  }
}

/** Whether the transaction is that of the batch's producer and begins before it. */
function begins(transaction: AbortedTransaction, batch: RecordBatch): boolean {
  const { producerId, firstOffset } = transaction
  return producerId === batch.producerId && firstOffset <= batch.baseOffset
}

async function fetchOnce(cluster: Cluster, topic: string, partition: number, offset: number) {
  const leader = cluster.view.partition(topic, partition)?.leader ?? -1
  const connection = await cluster.brokers.connect(leader)
  const answer = await connection.send(
    Fetch,
    {
      replicaId: -1,
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 50_000_000,
      isolationLevel: READ_COMMITTED,
      topics: [
        {
          topic,
          partitions: [{ partition, fetchOffset: offset, partitionMaxBytes: 10_000_000 }],
        },
      ],
    },
    { maxVersion: 12 },
  )
  const found = answer.responses[0]?.partitions[0]
  if (found?.errorCode !== 0 && found?.errorCode !== NOT_LEADER_OR_FOLLOWER) {
    throw new Error(`fetch failed with ${found?.errorCode}`)
  }
  return found
}
