import type { Scenario } from '../scenario.ts'

export const firstMessage: Scenario = {
  name: 'first-message',
  title: 'The first message',
  about: 'A producer is made, a record is queued, sent and delivered, and the producer is closed.',
  async play(stage) {
    const topic = await stage.topic('greetings', 1)
    const producer = stage.producer(
      'producer',
      { 'linger.ms': 60_000, acks: 'all' },
      'With its configuration a producer is made. Nothing is sent yet, and no record is there.',
    )
    await producer.produce(
      { topic, key: 'user-7', value: 'hello, Kafka' },
      'produce() only queues: it returns at once, and the record waits in an open batch.',
    )
    await stage.until('the record in its batch', ({ name }) => name === 'record:appended')
    await producer.flush('flush() does not linger: what waits is sent, and its outcome awaited.')
    await producer.close('Nothing is left to deliver, so that it closes at once.')
  },
}
