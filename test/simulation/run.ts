import { randomBelow } from '../../src/base/random.ts'
import type { DeliveryError, Producer } from '../../src/index.ts'
import { readLog, type StoredValue } from './read-log.ts'
import { disturb, makeWorld, type World } from './world.ts'

const TOPIC = 't'
const STORM_MS = 4_000
const DELIVERY_TIMEOUT_MS = 20_000

/** What became of one record. */
interface Fate {
  times: number
  place: string | undefined
  error: DeliveryError | undefined
}

/**
 * One short life of a producer in a cluster where everything goes wrong, all from one seed. Gives
 * the promises that were broken, each in words; none is what we want.
 */
export async function simulate(seed: number): Promise<string[]> {
  const partitions = 1 + (seed % 4)
  const world = await makeWorld(seed, partitions)
  await world.cluster.createTopic(TOPIC, { partitions })
  const producer = world.producer({
    'linger.ms': seed % 3 === 0 ? 5 : undefined,
    'batch.size': 256 + randomBelow(world.random, 2_000),
    'max.in.flight.requests.per.connection': 1 + randomBelow(world.random, 5),
    'request.timeout.ms': 600,
    'delivery.timeout.ms': DELIVERY_TIMEOUT_MS,
    'retry.backoff.ms': 20,
    'reconnect.backoff.max.ms': 200,
  })
  const fates: Fate[] = []
  const log: string[] = []
  await storm(world, partitions, producer, fates, log)
  world.storm = false
  world.cluster.clearFaults()
  const flushed = producer.flush()
  await world.clock.advance(DELIVERY_TIMEOUT_MS + 5_000)
  const broken = [
    ...((await flushed) === 0 ? [] : ['flush() left records']),
    ...judgeFates(fates, producer),
    ...judgeLog(fates, await readLog(world, TOPIC, partitions)),
    ...(await worksOn(world, producer)),
  ]
  const closed = producer.close({ timeout: 0 })
  await world.clock.advance(10)
  await closed
  await world.cluster.stop()
  return broken.length > 0 ? [...broken, `the storm: ${log.join(', ')}`] : []
}

/** Records come and things break, each at moments that the seed chose. */
async function storm(
  world: World,
  partitions: number,
  producer: Producer,
  fates: Fate[],
  log: string[],
): Promise<void> {
  const { clock, random } = world
  for (const end = clock.now() + STORM_MS; clock.now() < end; ) {
    if (random() < 0.25) log.push(await disturb(world, TOPIC, partitions))
    for (let i = randomBelow(random, 12); i > 0; i--) {
      const fate: Fate = { times: 0, place: undefined, error: undefined }
      const number = fates.push(fate) - 1
      const record = { topic: TOPIC, key: `k${randomBelow(random, 9)}`, value: `${number}` }
      producer.produce(record, (error, report) => {
        fate.times++
        if (error) fate.error = error
        else fate.place = `${report!.partition}/${report!.offset}`
      })
    }
    await clock.advance(randomBelow(random, 60))
  }
}

function judgeFates(fates: readonly Fate[], producer: Producer): string[] {
  const broken: string[] = []
  for (const [number, { times, error }] of fates.entries()) {
    if (times !== 1) broken.push(`record ${number} had ${times} reports`)
    // Within a deadline of five storms only what is not known may fail.
    if (error && error.persisted === 'no') broken.push(`record ${number}: ${error.message}`)
  }
  const { queueRecords, queueBytes, requestsInFlight } = producer.metrics()
  if (queueRecords !== 0) broken.push(`${queueRecords} records are still counted`)
  if (queueBytes !== 0) broken.push(`${queueBytes} bytes are still held`)
  if (requestsInFlight !== 0) broken.push(`${requestsInFlight} requests are still counted`)
  return broken
}

function judgeLog(fates: readonly Fate[], stored: readonly StoredValue[]): string[] {
  const broken: string[] = []
  const times = new Map<number, number>()
  const places = new Map<number, string>()
  const last = new Map<number, number>()
  for (const { partition, offset, value } of stored) {
    const number = Number(value)
    times.set(number, (times.get(number) ?? 0) + 1)
    places.set(number, `${partition}/${offset}`)
    if (number <= (last.get(partition) ?? -1)) broken.push(`record ${number} is out of order`)
    last.set(partition, number)
  }
  for (const [number, { place, error }] of fates.entries()) {
    const stands = times.get(number) ?? 0
    if (stands > 1) broken.push(`record ${number} stands ${stands} times in the log`)
    if (place && stands === 0) broken.push(`record ${number} was acknowledged and is lost`)
    const known = place && !place.endsWith('/-1')
    if (known && places.get(number) !== place) {
      broken.push(`record ${number} was reported at ${place}, lies at ${places.get(number)}`)
    }
    if (error?.persisted === 'no' && stands > 0) broken.push(`record ${number} is there after all`)
  }
  return broken
}

/** Whatever happened, a producer goes on when the cluster is well. */
async function worksOn(world: World, producer: Producer): Promise<string[]> {
  const sent = producer.send({ topic: TOPIC, value: '-1' }).then(
    () => [],
    (error: Error) => [`the producer is dead: ${error.message}`],
  )
  await world.clock.advance(DELIVERY_TIMEOUT_MS + 1_000)
  return sent
}
