import { describe } from 'vitest'
import { runKafkaTool, type ToolOptions } from '../kafka/cluster.ts'
import { askAtDoor } from './door.ts'
import type { Outcome } from './run.ts'
import { lacks } from './tools.ts'

/** A `describe` for tests on a real Kafka: skipped without java and mvn, an error with CI=true. */
export const describeWithKafka = describe.skipIf(lacks('java', 'mvn'))

/** The run's one cluster of three real brokers. It is shared: leave it as it was found. */
export interface SharedKafka {
  readonly bootstrapServers: string
  /** Runs one of Kafka's own programs against it, as `TopicCommand`. */
  tool(name: string, args: readonly string[], options?: ToolOptions): Promise<Outcome>
}

/**
 * The run's shared cluster, which the first caller starts: so call it in `beforeAll`, whose time
 * limit allows for that. `KAFKA_BOOTSTRAP` names a cluster that runs already, to be used instead.
 * For what would disturb others (killing, other settings) start your own with `startKafka`.
 *
 * @example
 * describeWithKafka('topics', () => {
 *   let kafka: SharedKafka
 *   beforeAll(async () => { kafka = await sharedKafka() })
 * })
 */
export async function sharedKafka(): Promise<SharedKafka> {
  const bootstrapServers = process.env.KAFKA_BOOTSTRAP ?? (await askAtDoor('kafka'))
  return {
    bootstrapServers,
    tool: (name, args, options) => runKafkaTool(bootstrapServers, name, args, options),
  }
}

/** A name nobody else uses: for topics, groups and transactional ids on a shared cluster. */
export function freshName(prefix: string): string {
  return `${prefix}-${process.pid}-${++named}`
}
let named = 0
