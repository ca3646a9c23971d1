/**
 * Events of tasks, with the task as key: events of one task lie in one partition, and are read in
 * the order in which they happened, whatever happens to others meanwhile.
 *
 *     npx tsx examples/task-events.ts
 */
import { EmbeddedCluster } from '../src/broker/index.ts'
import { Consumer, Producer, stringDeserializer } from '../src/index.ts'

const TOPIC = 'task-events'
const STEPS = ['created', 'assigned', 'started', 'done']
const TASKS = ['task-a', 'task-b', 'task-c']

export async function main(print: (line: string) => void): Promise<void> {
  await using cluster = await EmbeddedCluster.start({ defaultPartitions: 4 })
  const servers = { 'bootstrap.servers': cluster.bootstrapServers }
  await using producer = new Producer(servers)
  for (const step of STEPS) {
    for (const task of TASKS) producer.produce({ topic: TOPIC, key: task, value: step })
  }
  await producer.flush()

  await using consumer = new Consumer(
    { ...servers, 'group.id': 'board', 'auto.offset.reset': 'earliest' },
    { key: stringDeserializer, value: stringDeserializer },
  )
  await consumer.subscribe([TOPIC])
  const history = new Map<string, string[]>()
  for await (const { partition, key, value } of consumer.messages({ until: 'end' })) {
    const events = history.get(`${key} [${partition}]`) ?? []
    history.set(`${key} [${partition}]`, [...events, `${value}`])
  }
  for (const [task, events] of [...history].sort()) print(`${task}: ${events.join(' → ')}`)
}

if (process.argv[1] === import.meta.filename) await main(console.log)
