/**
 * What becomes of a record is told exactly once: where it was stored, or why it was not and whether
 * it may be there all the same. What can't be sent at all is thrown at the call.
 *
 *     npx tsx examples/delivery-report.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { type DeliveryCallback, KafkaError, Producer, silentLogger } from '../src/index.ts'

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start()
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await using producer = new Producer({ ...servers, logger: silentLogger })
  const told: DeliveryCallback = (error, report) => {
    if (!error) return print(`stored: ${report?.value} @ ${report?.offset}`)
    print(`failed: ${error.code}, in the log: ${error.persisted}, retriable: ${error.retriable}`)
  }

  producer.produce({ topic: 'orders', value: 'order 1' }, told)
  producer.produce({ topic: 'orders', value: 'order 2' }, told)
  await producer.flush()

  // A leader that moves is no failure: the batch finds the new one.
  cluster.fail('Produce', 'NOT_LEADER_OR_FOLLOWER', { topic: 'orders' })
  producer.produce({ topic: 'orders', value: 'order 3' }, told)
  await producer.flush()

  // This is one, and trying again would not help.
  cluster.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED', { topic: 'orders' })
  producer.produce({ topic: 'orders', value: 'order 4' }, told)
  await producer.flush()

  try {
    producer.produce({ topic: 'orders', value: 'x'.repeat(2_000_000) }, told)
  } catch (error) {
    if (error instanceof KafkaError) print(`refused at the call: ${error.code}`)
  }
}

if (process.argv[1] === import.meta.filename) await main(console.log)
