/** kafkajs from its producer to `eachMessage`. */
import kafkajs from 'kafkajs'
import { endToEnd, measure, work } from './work.js'

const { topic } = work
const client = new kafkajs.Kafka({
  brokers: work.bootstrap.split(','),
  logLevel: kafkajs.logLevel.NOTHING,
})
const producer = client.producer({
  idempotent: true,
  createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
})
const consumer = client.consumer({ groupId: `bench-${process.pid}` })
await Promise.all([producer.connect(), consumer.connect()])

const { way, percentiles } = await endToEnd({
  async listen(heard) {
    await consumer.subscribe({ topic })
    await consumer.run({ eachMessage: async ({ message }) => heard(message.value) })
  },
  send: values => producer.send({ topic, acks: -1, messages: values.map(value => ({ value })) }),
})
await measure(way, percentiles)
process.exit(0)
