import type { Command, Peer } from './peers.ts'
import type { Case, Plan } from './plan.ts'

/** Another way to set up a peer, that might be faster than the one that it is measured in. */
interface Variant {
  readonly peer: string
  readonly how: string
  /** What its program in clients/ reads, or its runtime does. */
  readonly env: Readonly<Record<string, string>>
}

/** What each peer's documentation, or its settings, hold out as faster. */
export const variants: readonly Variant[] = [
  { peer: 'librdkafka', how: 'rd_kafka_produce_batch of 1,000', env: { BATCH: '1000' } },
  { peer: 'librdkafka', how: 'a queue of 1,000,000', env: { QUEUE: '1000000' } },
  { peer: 'confluent-kafka-python', how: 'polled every 10,000', env: { POLL_EVERY: '10000' } },
  { peer: 'franz-go', how: '10,000 records buffered', env: { BUFFERED: '10000' } },
  { peer: 'franz-go', how: 'GOGC=400', env: { GOGC: '400' } },
  { peer: 'Java', how: 'the parallel collector', env: { JAVA_TOOL_OPTIONS: '-XX:+UseParallelGC' } },
  { peer: 'Java', how: 'buffer.memory of 128 MiB', env: { BUFFER: '134217728' } },
  { peer: '@platformatic/kafka, Node 24', how: '1,000 a send', env: { BATCH: '1000' } },
  { peer: '@platformatic/kafka, Node 24', how: '20,000 a send', env: { BATCH: '20000' } },
  { peer: 'node-rdkafka', how: 'polled every 50 ms', env: { POLL_MS: '50' } },
  { peer: 'node-rdkafka', how: 'polled every ms', env: { POLL_MS: '1' } },
  { peer: 'kafkajs', how: '1,000 a send', env: { BATCH: '1000' } },
  { peer: 'kafkajs', how: '20,000 a send', env: { BATCH: '20000' } },
  { peer: 'kafka-python', how: 'batches of 1 MB', env: { BATCH_BYTES: '1000000' } },
]

const nameOf = ({ peer, how }: Variant) => `${peer}; ${how}`

/** The peers in the way that they are measured in, each with its variants right behind it. */
export function variantPlan(usual: readonly Case[], rounds: number): Plan {
  const cases = usual
    .filter(({ mode, codec, bytes, partitions }) => {
      return mode === 'produce' && codec === 'none' && bytes === undefined && !partitions
    })
    .flatMap(each => {
      const others = variants.filter(({ peer }) => peer === each.client)
      if (others.length === 0) return []
      return [each, ...others.map(variant => ({ ...each, client: nameOf(variant) }))]
    })
  return { rounds, cases }
}

/** The peers, and their variants as peers of their own. */
export function withVariants(peers: readonly Peer[]): Peer[] {
  const more = variants.flatMap(variant => {
    const peer = peers.find(({ name }) => name === variant.peer)
    if (!peer) return []
    const command = async (): Promise<Command> => {
      const usual = await peer.command()
      return { ...usual, env: { ...usual.env, ...variant.env } }
    }
    return [{ ...peer, name: nameOf(variant), command }]
  })
  return [...peers, ...more]
}
