/**
 * Metrics for Prometheus: one call adds those of all clients to a registry of prom-client, which
 * writes the text that is scraped. A program that has an HTTP server serves it there;
 * `serveMetrics({ port })` is one for those that have none.
 *
 *     npm install prom-client            # beside posthaste
 *     npx tsx examples/prometheus.ts
 */
import { Registry } from 'prom-client'
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, Producer } from '../src/index.ts'
import { prometheus } from '../src/metrics/index.ts'

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start()
  const settings = { 'bootstrap.servers': cluster.bootstrapServers }

  // `register` of prom-client does as well, and has what other parts of a program measure.
  const register = new Registry()
  using _ = prometheus(undefined, { register, labels: { service: 'shop' } })

  await using producer = new Producer({ ...settings, 'client.id': 'checkout' })
  const orders = Array.from({ length: 100 }, (_, i) => ({ topic: 'orders', value: `order ${i}` }))
  await producer.sendBatch(orders)
  cluster.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED')
  await producer.sendBatch([{ topic: 'orders', value: 'refused' }])

  await using consumer = new Consumer({ ...settings, 'client.id': 'warehouse' })
  await consumer.assign([{ topic: 'orders', partition: 0, offset: 0 }])
  let read = 0
  for await (const _ of consumer.messages({ until: 'end' })) if (++read === 40) break

  // What a scrape brings; the lag is read from the consumer at this moment.
  const wanted = /^posthaste_(producer_records|consumer_lag|consumer_fetched_records)/
  for (const line of (await register.metrics()).split('\n')) if (wanted.test(line)) print(line)
}

if (process.argv[1] === import.meta.filename) await main(console.log)
