import type { Scenario } from '../scenario.ts'

export const flush: Scenario = {
  name: 'flush',
  title: 'flush()',
  about: 'flush() sends what waits, without lingering, and ends when each has its outcome.',
  async play(stage) {
    const topic = await stage.topic('letters', 2)
    const producer = stage.producer('producer', { 'linger.ms': 60_000 })
    const letters = Array.from({ length: 6 }, (_, i) => ({
      topic,
      partition: i % 2,
      value: `letter ${i + 1}`,
    }))
    await producer.produceEach(letters, 'Six letters, in two batches that would wait a minute.')
    await producer.flush('Now both leave at once; 0 means that none is without an outcome.')
    await producer.flush('With nothing to send it ends at once.')
    await producer.close()
  },
}
