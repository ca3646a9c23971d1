/**
 * @platformatic/kafka on a broker: admin, produce, groups of both protocols, transactions.
 * Arguments: the bootstrap servers. Prints what it saw as one line of JSON. Needs Node 22 or later.
 */
import assert from 'node:assert/strict'
import {
  Admin,
  ConfigResourceTypes,
  Consumer,
  IncrementalAlterConfigOperationTypes,
  ProduceAcks,
  Producer,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka'

const base = { clientId: 'platformatic', bootstrapBrokers: process.argv[2].split(',') }
const topic = 'platformatic'
const records = (name, count) =>
  Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key-${i % 10}`,
    value: `${name}-${i}`,
    headers: new Map([['i', `${i}`]]),
  }))

const admin = new Admin(base)
const saw = {}
await makeTopic()
await produce()
await readAsGroups()
await transact()
await lookAfterGroups()
await tidyUp()
await admin.close()
console.log(JSON.stringify(saw))

async function makeTopic() {
  await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
  await assert.rejects(admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 }))
  await admin.createPartitions({ topics: [{ name: topic, count: 4, assignments: null }] })
  const metadata = await admin.metadata({ topics: [topic] })
  saw.partitions = metadata.topics.get(topic).partitionsCount
  saw.brokers = metadata.brokers.size
  const { TOPIC: resourceType } = ConfigResourceTypes
  const configs = [
    {
      name: 'max.message.bytes',
      value: '2000000',
      configOperation: IncrementalAlterConfigOperationTypes.SET,
    },
  ]
  await admin.incrementalAlterConfigs({
    resources: [{ resourceType, resourceName: topic, configs }],
    validateOnly: false,
  })
  const [described] = await admin.describeConfigs({
    resources: [{ resourceType, resourceName: topic, configurationKeys: ['max.message.bytes'] }],
  })
  saw.configs = described.configs.map(({ name, value }) => [name, value])
}

function producerWith(options) {
  return new Producer({
    ...base,
    serializers: stringSerializers,
    acks: ProduceAcks.ALL,
    ...options,
  })
}

async function produce() {
  const producer = producerWith({ idempotent: true })
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const { offsets } = await producer.send({ messages: records('plain', 80), compression })
    assert.ok(offsets.every(({ offset }) => offset >= 0n))
  }
  await producer.close()
  saw.ends = await ends()
}

async function ends() {
  const at = async timestamp => {
    const partitions = [0, 1, 2, 3].map(partitionIndex => ({ partitionIndex, timestamp }))
    const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return listed.partitions.reduce((sum, { offset }) => sum + Number(offset), 0)
  }
  return (await at(-1n)) - (await at(-2n))
}

/** Reads as one member until `count` records have come, and commits them. */
async function read(groupId, groupProtocol, count, mode = 'committed') {
  const consumer = new Consumer({
    ...base,
    groupId,
    groupProtocol,
    deserializers: stringDeserializers,
    autocommit: false,
    isolationLevel: 1,
    maxWaitTime: 200,
    ...(groupProtocol === 'classic' && { sessionTimeout: 10_000, heartbeatInterval: 500 }),
  })
  const stream = await consumer.consume({ topics: [topic], mode, fallbackMode: 'earliest' })
  const seen = []
  for await (const message of stream) {
    seen.push(message.value)
    await message.commit()
    if (seen.length >= count) break
  }
  await consumer.close(true)
  return seen
}

async function readAsGroups() {
  saw.read = []
  saw.resumed = []
  for (const protocol of ['classic', 'consumer']) {
    const first = await read(`group-${protocol}`, protocol, 150)
    const second = await read(`group-${protocol}`, protocol, 250)
    saw.read.push(first.length + second.length)
    saw.resumed.push(await groupEnds(`group-${protocol}`))
  }
}

async function groupEnds(groupId) {
  const partitionIndexes = [0, 1, 2, 3]
  const topics = [{ name: topic, partitionIndexes }]
  const [group] = await admin.listConsumerGroupOffsets({ groups: [{ groupId, topics }] })
  const offsets = group.topics[0].partitions.map(each => Number(each.committedOffset))
  return offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0)
}

async function transact() {
  const producer = producerWith({ transactionalId: 'platformatic', idempotent: true })
  const consumer = new Consumer({
    ...base,
    groupId: 'transactional',
    deserializers: stringDeserializers,
    autocommit: false,
    maxWaitTime: 200,
  })
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest' })
  const messages = stream[Symbol.asyncIterator]()
  for (const name of ['aborted', 'committed']) {
    const { value: message } = await messages.next()
    const transaction = await producer.beginTransaction()
    await transaction.send({ messages: records(name, 20) })
    await transaction.addConsumer(consumer)
    await transaction.addOffset(message)
    if (name === 'aborted') await transaction.abort()
    else await transaction.commit()
    // What is stored with an offset is the next one: only the second transaction's may be there.
    const wanted = name === 'aborted' ? 0 : Number(message.offset) + 1
    assert.equal(await groupEnds('transactional'), wanted)
  }
  await consumer.close(true)
  await producer.close()
  saw.committed = (await read('group-classic', 'classic', 20)).sort()
}

async function lookAfterGroups() {
  const groups = await everyGroup()
  saw.groups = groups.map(({ id, groupType }) => [id, groupType]).sort()
  const described = await admin.describeGroups({ groups: ['group-classic'] })
  saw.state = described.get('group-classic').state
  await admin.deleteGroups({ groups: groups.map(({ id }) => id) })
  saw.groupsLeft = (await everyGroup()).length
}

async function everyGroup() {
  const groups = await admin.listGroups({ types: ['classic', 'consumer'] })
  return [...groups.values()]
}

async function tidyUp() {
  const partitions = [0, 1, 2, 3].map(partition => ({ partition, offset: -1n }))
  await admin.deleteRecords({ topics: [{ name: topic, partitions }] })
  saw.endsLeft = await ends()
  await admin.deleteTopics({ topics: [topic] })
  saw.isDeleted = !(await admin.listTopics()).includes(topic)
}
