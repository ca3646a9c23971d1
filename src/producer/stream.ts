import { Writable } from 'node:stream'
import type { DeliveryCallback, ProducerRecord } from './delivery.ts'

interface Sink<Key, Value> {
  produce(record: ProducerRecord<Key, Value>, callback: DeliveryCallback<Key, Value>): boolean
  drain(): Promise<void>
  flush(): Promise<number>
}

/** A Writable of records in front of a producer; it feels the producer's back-pressure. */
export function recordStream<Key, Value>(producer: Sink<Key, Value>): Writable {
  const stream = new Writable({
    objectMode: true,
    write(record: ProducerRecord<Key, Value>, _encoding, done) {
      try {
        if (producer.produce(record, heard)) done()
        else producer.drain().then(() => done(), done)
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    },
    final(done) {
      producer.flush().then(() => done(), done)
    },
  })
  const heard: DeliveryCallback<Key, Value> = error => {
    if (error) stream.destroy(error)
  }
  return stream
}
