import { parentPort, workerData } from 'node:worker_threads'
import { Producer } from '../../src/index.ts'

// A worker thread with a producer of its own: 100 records, and the number of those delivered.

const { bootstrap, topic } = workerData as { bootstrap: string; topic: string }
const producer = new Producer({ 'bootstrap.servers': bootstrap })
let delivered = 0
for (let at = 0; at < 100; at++) {
  producer.produce({ topic, value: `from a thread ${at}` }, error => {
    if (!error) delivered++
  })
}
await producer.close()
parentPort?.postMessage(delivered)
