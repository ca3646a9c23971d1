import type { Scenario } from '../scenario.ts'

export const batching: Scenario = {
  name: 'batching',
  title: 'Batches',
  about: 'Records gather in a batch, which leaves when it is full or has waited for linger.ms.',
  async play(stage) {
    const topic = await stage.topic('readings', 1)
    const producer = stage.producer(
      'producer',
      { 'batch.size': 400, 'linger.ms': 300 },
      'A batch is closed at 400 bytes, or sent 300 ms after its first record.',
    )
    const values = Array.from({ length: 9 }, (_, i) => ({
      topic,
      key: `sensor-${i % 3}`,
      value: `temperature ${20 + i}.5 °C, humidity ${40 + i} %, measured in the cellar`,
    }))
    await producer.produceEach(values, 'Full batches do not wait for their time.')
    await stage.until('nine acknowledged records', ({ name }) => {
      return name === 'batch:settled' && settledRecords(stage) === values.length
    })
    await producer.close('The last batch was not full: it was sent when its time was over.')
  },
}

function settledRecords({ recorder }: Parameters<Scenario['play']>[0]): number {
  return recorder.entries.reduce((sum, entry) => {
    return entry.is === 'event' && entry.event.name === 'batch:settled'
      ? sum + entry.event.records
      : sum
  }, 0)
}
