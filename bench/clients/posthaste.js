/** Ours. `POSTHASTE` names the module to measure, so that two builds can be compared. */
import { inParallel, measure, oneByOne, work } from './work.js'

const { Producer } = await import(process.env.POSTHASTE ?? '../../dist/index.js')
const { topic, mode, bytes, texts } = work
const pool = mode === 'text' ? texts : bytes
const OUTSTANDING = 10_000

const producer = new Producer({
  'bootstrap.servers': work.bootstrap,
  'compression.type': work.codec,
  'batch.size': 131_072,
  // One send at a time is measured with the settings that a program would start with.
  ...(mode === 'latency' ? {} : { 'linger.ms': 10 }),
})

const recordAt = i => {
  const { key, value } = pool[i % pool.length]
  return { topic, key, value }
}

async function produce(messages) {
  const before = producer.metrics().recordsDelivered
  for (let i = 0; i < messages; i++) {
    if (!producer.produce(recordAt(i))) await producer.drain()
  }
  await producer.flush()
  return producer.metrics().recordsDelivered - before
}

async function produceWithCallbacks(messages) {
  let delivered = 0
  const callback = (error, report) => {
    if (error === null && report.offset >= 0) delivered++
  }
  for (let i = 0; i < messages; i++) {
    if (!producer.produce(recordAt(i), callback)) await producer.drain()
  }
  await producer.flush()
  return delivered
}

/** A promise for each record, and never more than so many of them open. */
async function send(messages) {
  let open = 0
  let delivered = 0
  let goOn = () => {}
  const done = () => {
    delivered++
    if (--open === OUTSTANDING / 2) goOn()
  }
  for (let i = 0; i < messages; i++) {
    if (open === OUTSTANDING) {
      await new Promise(resolve => {
        goOn = resolve
      })
    }
    open++
    producer.send(recordAt(i)).then(done)
  }
  await producer.flush()
  return delivered
}

const sendBatches = size => messages =>
  inParallel(messages, size, OUTSTANDING, async (from, to) => {
    const records = []
    for (let i = from; i < to; i++) records.push(recordAt(i))
    const results = await producer.sendBatch(records)
    if (results.some(({ status }) => status === 'rejected')) throw new Error('not delivered')
  })

let latency = {}
const ways = {
  produce,
  text: produce,
  callback: produceWithCallbacks,
  send,
  latency: async messages => {
    latency = await oneByOne(messages, i => producer.send(recordAt(i)))
    return messages
  },
}
await measure(ways[mode] ?? sendBatches(Number(mode.slice('batch-'.length))), () => latency)
await producer.close()
