/** @platformatic/kafka from its producer to its stream. */
import { Consumer, Producer } from '@platformatic/kafka'
import { endToEnd, measure, work } from './work.js'

const { topic } = work
const settings = { clientId: 'bench', bootstrapBrokers: work.bootstrap.split(',') }
const producer = new Producer(settings)
const consumer = new Consumer({ ...settings, groupId: `bench-${process.pid}` })

const { way, percentiles } = await endToEnd({
  async listen(heard) {
    const stream = await consumer.consume({ topics: [topic], mode: 'latest' })
    stream.on('data', ({ value }) => heard(value))
  },
  send: values => producer.send({ acks: -1, messages: values.map(value => ({ topic, value })) }),
})
await measure(way, percentiles)
process.exit(0)
