import type { Scenario } from '../scenario.ts'

export const compression: Scenario = {
  name: 'compression',
  title: 'Compression',
  about: 'Whole batches are compressed: the more alike their records, the smaller they become.',
  async play(stage) {
    const topic = await stage.topic('clicks', 1)
    const clicks = Array.from({ length: 16 }, (_, i) => ({
      topic,
      key: `user-${i % 5}`,
      value: JSON.stringify({ event: 'click', page: '/orders', user: `user-${i % 5}`, at: i }),
    }))
    for (const type of ['none', 'gzip', 'zstd']) {
      const producer = stage.producer(type, {
        'compression.type': type,
        'linger.ms': 60_000,
      })
      await producer.produceEach(clicks, `The same sixteen clicks, with ${type}.`)
      await producer.flush()
      await producer.close()
    }
    const reader = stage.consumer('reader')
    await reader.readAll(topic, 1, 'Readers see no difference.')
    await reader.close()
  },
}
