import { Consumer, type ConsumerOptions, silentLogger } from '../../src/index.ts'

/**
 * A member of a group that says what it does, a line for each: `+` and the partitions that came,
 * `-` those given up, `!` those lost, and `partition offset` of each record when it is processed.
 * SIGTERM lets it leave in order.
 */
const [bootstrapServers = '', topic = '', group = '', protocol = ''] = process.argv.slice(2)

const settings: ConsumerOptions = {
  'bootstrap.servers': bootstrapServers,
  'group.id': group,
  'auto.offset.reset': 'earliest',
  'auto.commit.interval.ms': 500,
  'request.timeout.ms': 5_000,
  logger: silentLogger,
  ...(protocol === 'consumer'
    ? { 'group.protocol': 'consumer' }
    : { 'session.timeout.ms': 6_000, 'heartbeat.interval.ms': 500 }),
}
const consumer = new Consumer(settings)
const signs = { assigned: '+', revoked: '-', lost: '!' } as const
for (const name of ['assigned', 'revoked', 'lost'] as const) {
  consumer.on(name, slots => say(`${signs[name]} ${slots.map(slot => slot.partition).join(' ')}`))
}
consumer.on('error', error => process.stderr.write(`${error.message}\n`))
process.once('SIGTERM', () => void consumer.close().then(() => process.exit(0)))

/** Standard output is a pipe, which is written at once: what is said survives a kill -9. */
function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

await consumer.subscribe([topic])
for await (const { partition, offset } of consumer) say(`${partition} ${offset}`)
