import type { Cluster } from '../cluster/cluster.ts'
import { KafkaError } from '../errors.ts'
import { listOffsets } from './list-offsets.ts'
import type { ConsumerConfig } from './options.ts'
import type { ConsumedPartition, Wanted } from './partition.ts'
import { resetStart } from './start.ts'

export interface StarterParts {
  readonly cluster: Cluster
  readonly config: ConsumerConfig
  /** A partition has its offset and can be fetched. */
  started(partition: ConsumedPartition): void
  failed(partition: ConsumedPartition, error: KafkaError): void
}

/** Gives partitions the offsets that they want to start from. */
export class Starter {
  readonly #parts: StarterParts
  readonly #closing = new AbortController()

  constructor(parts: StarterParts) {
    this.#parts = parts
  }

  close(): void {
    this.#closing.abort()
  }

  /**
   * Begins where `auto.offset.reset` says; with `none`, partitions fail with that code. Gives the
   * first error of those that have no start by the deadline.
   */
  async reset(
    partitions: readonly ConsumedPartition[],
    why: 'OFFSET_OUT_OF_RANGE' | 'NO_OFFSET',
    deadline: number,
  ): Promise<KafkaError | undefined> {
    const { cluster, config, failed } = this.#parts
    const start = resetStart(config.reset, cluster.clock.epoch())
    if (start === undefined) {
      const errors = partitions.map(partition => noPosition(partition, why))
      for (const [i, partition] of partitions.entries()) failed(partition, errors[i]!)
      return errors[0]
    }
    for (const partition of partitions) partition.startFrom(start, deadline)
    return this.seek(partitions)
  }

  /**
   * Finds the offsets of partitions that start from an end of the log or from a time. Gives the
   * first error of those that have none to be found, all of which have failed.
   */
  async seek(partitions: readonly ConsumedPartition[]): Promise<KafkaError | undefined> {
    const { cluster, config } = this.#parts
    const { signal } = this.#closing
    const sought = partitions.flatMap(partition => seeking(partition) ?? [])
    const deadline = Math.max(0, ...sought.map(each => each.deadline))
    const timeoutMs = deadline - cluster.clock.now()
    const queries = sought.map(({ partition, at }) => ({
      topic: partition.topic,
      partition: partition.partition,
      at,
    }))
    const found = await listOffsets(cluster, config, queries, timeoutMs, signal)
    if (signal.aborted) return undefined
    let first: KafkaError | undefined
    for (const [i, { partition, generation }] of sought.entries()) {
      const answer = found[i]!
      if (partition.generation !== generation || partition.isReleased) continue
      if ('error' in answer) {
        first ??= answer.error
        this.#parts.failed(partition, answer.error)
      } else {
        partition.startAt(answer.offset)
        this.#parts.started(partition)
      }
    }
    return first
  }
}

interface Seeking {
  readonly partition: ConsumedPartition
  readonly generation: number
  readonly at: Exclude<Wanted, 'committed'>
  readonly deadline: number
}

function seeking(partition: ConsumedPartition): Seeking | undefined {
  const { state, generation } = partition
  if (state.is !== 'starting' || state.from === 'committed') return undefined
  return { partition, generation, at: state.from, deadline: state.deadline }
}

/** The error for a position that is not in the log, or that nobody committed. */
function noPosition(
  { topic, partition, position }: ConsumedPartition,
  code: 'OFFSET_OUT_OF_RANGE' | 'NO_OFFSET',
): KafkaError {
  const what =
    code === 'NO_OFFSET'
      ? 'has no committed offset'
      : `has no record at offset ${position} any more`
  return new KafkaError({
    code,
    message: `${topic} [${partition}] ${what}, and auto.offset.reset is none`,
    hint: "seek() to where to go on, or set auto.offset.reset to 'earliest' or 'latest'",
    at: { topic, partition, ...(position >= 0 && { offset: position }) },
  })
}
