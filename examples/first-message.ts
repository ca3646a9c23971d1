/**
 * The first message: send() resolves when the brokers have stored it, and says where; then it is
 * read back.
 *
 *     npx tsx examples/first-message.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, Producer, stringDeserializer } from '../src/index.ts'

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start()
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }

  await using producer = new Producer(servers)
  const sent = await producer.send({ topic: 'greetings', key: 'user-7', value: 'hello, Kafka' })
  print(`stored: ${sent.topic} [${sent.partition}] @ ${sent.offset}`)

  const texts = { key: stringDeserializer, value: stringDeserializer }
  await using consumer = new Consumer(servers, texts)
  await consumer.assign([{ topic: 'greetings', partition: 0, offset: 'earliest' }])
  for await (const { key, value } of consumer.messages({ until: 'end' })) {
    print(`read:   ${key}: ${value}`)
  }
}

if (process.argv[1] === import.meta.filename) await main(console.log)
