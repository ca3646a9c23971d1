import { FakeClock } from '../../src/base/fake-clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import { type ClusterOptions, EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/index.ts'
import { MemoryNetwork } from '../../src/net/memory.ts'

/**
 * An embedded cluster on a clock and a network of the test's own: time-outs are met to the
 * millisecond, however busy the machine is. Clients take part by `environment`.
 */
export async function virtualCluster(options: ClusterOptions = {}) {
  const clock = new FakeClock()
  const network = new MemoryNetwork(clock, { delayMs: () => 1 })

  /** Lets time pass until a promise is settled. */
  async function passing<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = promise.finally(() => {
      isOver = true
    })
    over.catch(() => {})
    while (!isOver) await clock.advance(10)
    return over
  }

  const { listen, dial } = network
  const starting = EmbeddedCluster.start({
    logger: silentLogger,
    random: seededRandom(1),
    clock,
    listen,
    ...options,
  })
  const cluster = await passing(starting)
  const environment = { clock, random: seededRandom(2), dial }
  return { clock, network, cluster, environment, passing }
}
