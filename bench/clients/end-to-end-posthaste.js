/** From our producer to our consumer in one process, with the settings that one starts with. */
import { endToEnd, measure, work } from './work.js'

const { Consumer, Producer } = await import(process.env.POSTHASTE ?? '../../dist/index.js')
const settings = { 'bootstrap.servers': work.bootstrap }
const { topic } = work
const producer = new Producer(settings)
const consumer = new Consumer(settings)

const { way, percentiles } = await endToEnd({
  async listen(heard) {
    const partitions = await consumer.partitionsFor(topic)
    await consumer.assign(
      partitions.map(({ partition }) => ({ topic, partition, offset: 'latest' })),
    )
    void consumer.run({ eachMessage: ({ value }) => heard(value) })
  },
  send(values) {
    for (const value of values) producer.produce({ topic, value })
  },
})
await measure(way, percentiles)
await producer.close()
await consumer.close()
