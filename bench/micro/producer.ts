import { Producer } from '../../src/producer/producer.ts'
import { recordLines } from '../records.ts'
import { type Subject, use } from './subject.ts'
import { dialYes } from './yes-broker.ts'

const RECORDS = 100_000
const OUTSTANDING = 10_000

const texts = recordLines(200).map(line => line.split('\t') as [string, string])
type Pool = readonly (readonly [string | Buffer, string | Buffer])[]
const bytes = texts.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const)

const recordOf = (pool: Pool, i: number) => {
  const [key, value] = pool[i % pool.length]!
  return { topic: 'bench', key, value }
}

async function produce(producer: Producer, pool: Pool, callback?: () => void): Promise<void> {
  for (let i = 0; i < RECORDS; i++) {
    if (!producer.produce(recordOf(pool, i), callback)) await producer.drain()
  }
  await producer.flush()
}

async function send(producer: Producer): Promise<void> {
  for (let from = 0; from < RECORDS; from += OUTSTANDING) {
    const sent: Promise<unknown>[] = []
    for (let i = from; i < from + OUTSTANDING; i++) sent.push(producer.send(recordOf(bytes, i)))
    await Promise.all(sent)
  }
}

async function sendBatch(producer: Producer): Promise<void> {
  for (let from = 0; from < RECORDS; from += OUTSTANDING) {
    const calls: Promise<unknown>[] = []
    for (let start = from; start < from + OUTSTANDING; start += 100) {
      const records = Array.from({ length: 100 }, (_, i) => recordOf(bytes, start + i))
      calls.push(producer.sendBatch(records))
    }
    await Promise.all(calls)
  }
}

/** The whole producer, with a connection whose other end agrees to everything. */
function subject(
  name: string,
  work: (producer: Producer) => Promise<void>,
  codec: 'none' | 'lz4' = 'none',
): Subject {
  const settings = { 'bootstrap.servers': 'yes:9092', 'linger.ms': 10, 'compression.type': codec }
  let producer: Producer
  return {
    name,
    count: RECORDS,
    unit: 'a record',
    begin() {
      producer = new Producer(settings, {}, { dial: dialYes })
    },
    run: () => work(producer),
    async end() {
      await producer.close()
    },
  }
}

export const producerSubjects: readonly Subject[] = [
  subject('produce, bytes', producer => produce(producer, bytes)),
  subject('produce, text', producer => produce(producer, texts)),
  subject('produce, a callback each', producer => {
    let reported = 0
    return produce(producer, bytes, () => use(++reported))
  }),
  subject('send, a promise each, 10,000 at a time', send),
  subject('sendBatch of 100', sendBatch),
  subject('produce, bytes, lz4', producer => produce(producer, bytes), 'lz4'),
]
