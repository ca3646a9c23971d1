import type { Cluster } from '../cluster/cluster.ts'
import { asError } from '../errors.ts'
import { type Codec, codecByName } from '../records/compression/index.ts'
import type { Batch } from './batch.ts'
import type { ProducerConfig } from './options.ts'

/**
 * Makes closed batches ready for sending. Compression runs on the thread pool while the program
 * goes on encoding; sequence numbers are given only when a batch is sent, so order is kept.
 */
export class Compressor {
  readonly #codec: Codec
  readonly #level: number | undefined
  readonly #cluster: Cluster
  readonly #ready: () => void

  constructor(config: ProducerConfig, cluster: Cluster, ready: () => void) {
    this.#codec = codecByName(config.compressionType)
    this.#level = config.compressionLevel === -1 ? undefined : config.compressionLevel
    this.#cluster = cluster
    this.#ready = ready
  }

  /** Moves a batch on to `ready`, at once or by way of `closing`. */
  prepare(batch: Batch): void {
    if (this.#codec.id === 0) batch.move('ready')
    else void this.#compress(batch)
  }

  async #compress(batch: Batch): Promise<void> {
    batch.move('closing')
    const codec = this.#codec
    try {
      await codec.ready()
      const body = await codec.compress(batch.writer.body(), this.#level)
      if (batch.phase === 'closing') batch.compressWith(codec.id, body)
    } catch (error) {
      // Uncompressed is slower but right; the program's records matter more than its setting.
      const facts = { codec: codec.name, error: asError(error) }
      this.#cluster.logger.log('warn', 'compression.failed', facts)
    }
    if (batch.phase !== 'closing') return
    batch.move('ready')
    this.#ready()
  }
}
