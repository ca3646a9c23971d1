/**
 * kafkajs on a broker: admin, produce, a group of two members, transactions, offsets that are reset.
 * Arguments: the bootstrap servers. Prints what it saw as one line of JSON.
 */
import assert from 'node:assert/strict'
import kafkajs from 'kafkajs'

const { CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs
const kafka = new Kafka({
  brokers: process.argv[2].split(','),
  clientId: 'kafkajs',
  connectionTimeout: 10_000,
  logLevel: logLevel.ERROR,
})
const topic = 'kafkajs'
const values = (name, count) => Array.from({ length: count }, (_, i) => `${name}-${i}`)
const records = (name, count) =>
  values(name, count).map((value, i) => ({ key: `key-${i % 10}`, value, headers: { i: `${i}` } }))

const admin = kafka.admin()
await admin.connect()
const saw = {}
await makeTopic()
await produce()
await readAsGroup()
await transact()
await lookAfterGroup()
await tidyUp()
await admin.disconnect()
console.log(JSON.stringify(saw))

async function makeTopic() {
  const configEntries = [{ name: 'retention.ms', value: '100000000' }]
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries }] })
  assert.equal(await admin.createTopics({ topics: [{ topic }] }), false)
  await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  saw.partitions = topics[0].partitions.length
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic }
  const configs = async () => {
    const configNames = ['retention.ms', 'max.message.bytes']
    const described = await admin.describeConfigs({ resources: [{ ...resource, configNames }] })
    const entries = described.resources[0].configEntries
    return Object.fromEntries(entries.map(entry => [entry.configName, entry.configValue]))
  }
  saw.configs = [await configs()]
  const altered = [{ name: 'max.message.bytes', value: '2000000' }]
  await admin.alterConfigs({ resources: [{ ...resource, configEntries: altered }] })
  saw.configs.push(await configs())
  const { brokers, clusterId } = await admin.describeCluster()
  saw.brokers = brokers.length
  assert.ok(clusterId)
}

async function produce() {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await producer.connect()
  for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
    const reports = await producer.send({ topic, compression, messages: records('plain', 200) })
    assert.ok(reports.every(({ errorCode }) => errorCode === 0))
  }
  await producer.disconnect()
  saw.ends = await ends()
}

/** The number of records, by the offsets of the log's ends. */
async function ends() {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
}

/**
 * Members of a group read together until `enough`; the sum of what they read. What a rebalance
 * makes them read again counts once.
 */
async function read(groupId, count, enough) {
  const seen = new Map()
  const shares = new Map()
  const members = Array.from({ length: count }, () =>
    kafka.consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: 500,
      maxWaitTimeInMs: 200,
    }),
  )
  let done
  const isDone = new Promise(resolve => {
    done = resolve
  })
  const look = () => enough(seen.size, shares) && done()
  for (const member of members) {
    member.on(member.events.GROUP_JOIN, ({ payload }) => {
      shares.set(member, payload.memberAssignment[topic]?.length ?? 0)
      look()
    })
    await member.connect()
    await member.subscribe({ topics: [topic], fromBeginning: true })
    await member.run({
      eachMessage: async ({ partition, message }) => {
        seen.set(`${partition}/${message.offset}`, String(message.value))
        look()
      },
    })
  }
  await isDone
  const described = await admin.describeGroups([groupId])
  for (const member of members) await member.disconnect()
  return { seen: [...seen.values()], shares: [...shares.values()], group: described.groups[0] }
}

async function readAsGroup() {
  const isShared = (count, shares) =>
    count >= 400 && [...shares.values()].every(n => n === 2) && shares.size === 2
  const { seen, group } = await read('kafkajs', 2, isShared)
  saw.read = new Set(seen).size
  saw.group = [group.state, group.members.length]
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, messages: records('later', 50) })
  await producer.disconnect()
  const later = await read('kafkajs', 1, count => count >= 50)
  saw.resumed = later.seen.every(value => value.startsWith('later-')) && later.seen.length
}

async function transact() {
  const producer = kafka.producer({ transactionalId: 'kafkajs', maxInFlightRequests: 1 })
  await producer.connect()
  for (const name of ['aborted', 'committed']) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: records(name, 20) })
    const partitions = [{ partition: 0, offset: name === 'committed' ? '7' : '3' }]
    const offsets = { consumerGroupId: 'kafkajs-tx', topics: [{ topic, partitions }] }
    await transaction.sendOffsets(offsets)
    if (name === 'aborted') await transaction.abort()
    else await transaction.commit()
  }
  await producer.disconnect()
  const [committed] = await admin.fetchOffsets({ groupId: 'kafkajs-tx', topics: [topic] })
  saw.offset = committed.partitions.find(({ partition }) => partition === 0).offset
  const { seen } = await read('kafkajs', 1, count => count >= 20)
  saw.committed = seen.sort()
}

async function lookAfterGroup() {
  await admin.resetOffsets({ groupId: 'kafkajs', topic, earliest: true })
  const offsets = await admin.fetchOffsets({ groupId: 'kafkajs', topics: [topic] })
  assert.ok(offsets[0].partitions.every(({ offset }) => offset === '0' || offset === '-2'))
  const { seen } = await read('kafkajs', 1, count => count >= 470)
  saw.again = seen.length
  const { groups } = await admin.listGroups()
  saw.groups = groups.map(({ groupId }) => groupId).sort()
  await admin.deleteGroups(saw.groups)
  saw.groupsLeft = (await admin.listGroups()).groups.length
}

async function tidyUp() {
  const partitions = await admin.fetchTopicOffsets(topic)
  const all = partitions.map(({ partition, high }) => ({ partition, offset: high }))
  await admin.deleteTopicRecords({ topic, partitions: all })
  saw.endsLeft = await ends()
  await admin.deleteTopics({ topics: [topic] })
  saw.isDeleted = !(await admin.listTopics()).includes(topic)
}
