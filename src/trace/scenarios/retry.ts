import type { Scenario } from '../scenario.ts'

export const retry: Scenario = {
  name: 'retry',
  title: 'A retry that does no harm',
  about: 'An answer is lost; the batch is sent again under its sequence number, and stored once.',
  needsEmbedded: true,
  async play(stage) {
    const topic = await stage.topic('payments', 1)
    const producer = stage.producer(
      'producer',
      { 'linger.ms': 60_000, 'enable.idempotence': true },
      'Idempotent: each batch gets a producer id, an epoch and a sequence number.',
    )
    await producer.produce({ topic, key: 'ada', value: 'pay 10' }, 'A first payment …')
    await producer.flush('… is stored without trouble, under sequence 0.')
    stage.cluster?.loseAnswer('Produce', { topic })
    await producer.produce(
      { topic, key: 'ada', value: 'pay 25' },
      'The broker will store the second, but its answer will be lost.',
    )
    await producer.flush('The producer can not know, so it sends the same again. Is it paid twice?')
    const reader = stage.consumer('reader')
    await reader.readAll(topic, 1, 'No: the broker knew the sequence number.')
    await reader.close()
    await producer.close()
  },
}
