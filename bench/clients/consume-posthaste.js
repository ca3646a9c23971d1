/** Our consumer. `POSTHASTE` names the module to measure; the mode is how records are taken. */
import { measure, work } from './work.js'

const { Consumer } = await import(process.env.POSTHASTE ?? '../../dist/index.js')
const consumer = new Consumer({ 'bootstrap.servers': work.bootstrap })
const partitions = await consumer.partitionsFor(work.topic)
await consumer.assign(
  partitions.map(({ topic, partition }) => ({ topic, partition, offset: 'earliest' })),
)
let bytes = 0

/** Takes records until at least `messages` came; a loop goes on where the last one ended. */
const byBatch = look => {
  const batches = consumer.batches()
  return async messages => {
    let count = 0
    while (count < messages) {
      const { value: batch } = await batches.next()
      count += look(batch)
    }
    return messages
  }
}

const ways = {
  batches: () =>
    byBatch(batch => {
      let count = 0
      for (const { key, value } of batch) {
        bytes += key.length + value.length
        count++
      }
      return count
    }),
  'batches in place': () =>
    byBatch(batch => {
      let count = 0
      for (const cursor of batch.cursors()) {
        while (cursor.next()) {
          bytes += cursor.keyEnd - cursor.keyStart + cursor.valueEnd - cursor.valueStart
          count++
        }
      }
      return count
    }),
  'for await': () => async messages => {
    let count = 0
    for await (const { key, value } of consumer) {
      bytes += key.length + value.length
      if (++count === messages) consumer.stop()
    }
    return count
  },
  run: () => async messages => {
    let count = 0
    await consumer.run({
      concurrency: partitions.length,
      eachMessage: ({ key, value }) => {
        bytes += key.length + value.length
        if (++count === messages) consumer.stop()
      },
    })
    return messages
  },
}
await measure(ways[work.mode](), () => ({ touched: bytes }))
await consumer.close()
