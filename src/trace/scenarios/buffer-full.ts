import type { Scenario } from '../scenario.ts'

export const bufferFull: Scenario = {
  name: 'buffer-full',
  title: 'The full waiting room',
  about: 'The buffer has a limit: produce() is refused, send() waits, and space is used at once.',
  async play(stage) {
    const topic = await stage.topic('parcels', 1)
    const producer = stage.producer(
      'producer',
      { 'buffer.memory': 8_192, 'batch.size': 2_048, 'linger.ms': 400 },
      'A waiting room of 8 KiB, so that it fills quickly.',
    )
    const parcel = (n: number) => ({ topic, key: `parcel-${n}`, value: 'x'.repeat(900) })
    await producer.produce(parcel(0), 'The first record asks for what is known of the topic.')
    await stage.until('the first record', ({ name }) => name === 'record:appended')
    const parcels = Array.from({ length: 12 }, (_, i) => parcel(i + 1))
    const taken = await producer.produceEach(
      parcels,
      'The room fills; then produce() throws a BufferFullError, and takes nothing.',
    )
    const waits = producer.send(
      parcel(taken + 1),
      'send() waits for space instead; and what lingers is sent, to make some.',
    )
    await waits
    await producer.produce(parcel(taken + 2), 'There is room again, so that this is taken at once.')
    await producer.flush()
    await producer.close()
  },
}
