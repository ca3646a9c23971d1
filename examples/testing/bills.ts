import { Consumer, Producer, stringDeserializer } from '../../src/index.ts'

/** What is tested: reads an order, and writes a bill. */
export async function billOne(servers: string): Promise<void> {
  const common = { 'bootstrap.servers': servers }
  await using producer = new Producer(common)
  await using consumer = new Consumer(
    { ...common, 'group.id': 'billing', 'auto.offset.reset': 'earliest' },
    { value: stringDeserializer },
  )
  await consumer.subscribe(['orders'])
  for await (const { key, value } of consumer) {
    await producer.send({ topic: 'bills', key, value: `${Number(value) * 100} cents` })
    return
  }
}
