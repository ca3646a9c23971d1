import type { Scenario } from '../scenario.ts'

export const keys: Scenario = {
  name: 'keys',
  title: 'Keys and slots',
  about: 'A key decides the partition: equal keys meet in one slot and keep their order there.',
  async play(stage) {
    const topic = await stage.topic('tasks', 4)
    const producer = stage.producer('producer', { 'linger.ms': 60_000 })
    const users = ['ada', 'grace', 'joan', 'ada', 'hedy', 'grace', 'ada', 'joan']
    const records = users.map((key, i) => ({ topic, key, value: `task ${i + 1} of ${key}` }))
    for (const record of records) {
      const why = record.key === 'ada' ? 'Each task of ada goes to the same slot.' : ''
      await producer.produce(record, why)
    }
    await producer.flush('Each slot is a batch of its own; a broker gets those it leads together.')
    const reader = stage.consumer('reader')
    await reader.readAll(topic, 4, 'Within each slot the order is that of produce().')
    await reader.close()
    await producer.close()
  },
}
