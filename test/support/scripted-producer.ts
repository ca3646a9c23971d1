import { FakeClock } from '../../src/base/fake-clock.ts'
import { seededRandom } from '../../src/base/random.ts'
import type { DeliveryError } from '../../src/errors.ts'
import { Producer, type ProducerOptions, silentLogger } from '../../src/index.ts'
import { type Reply, type Script, ScriptedBroker } from './scripted-broker.ts'

/** A producer in front of a scripted broker, both on a clock that the test moves. */
export async function setUp(
  script: Script | Script['produce'],
  options: ProducerOptions = {},
  partitions = 1,
) {
  const clock = new FakeClock()
  const broker = new ScriptedBroker(
    clock,
    typeof script === 'function' ? { produce: script } : script,
    partitions,
  )
  await broker.start()
  const environment = { clock, random: seededRandom(1), dial: broker.network.dial }
  const settings = { ...broker.options, logger: silentLogger, ...options }
  return { clock, broker, producer: new Producer(settings, {}, environment) }
}

/** A script that takes everything. */
export function acceptAll(): Script['produce'] {
  let offset = 0
  return (): Reply => ({ baseOffset: offset++ })
}

/** A callback, and what it was told, in short. */
export function collect() {
  const outcomes: string[] = []
  const callback = (error: DeliveryError | null, report?: { offset: number }) =>
    void outcomes.push(error ? `${error.code}/${error.persisted}` : `ok ${report!.offset}`)
  return { outcomes, callback }
}
