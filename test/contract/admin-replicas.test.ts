import { expect, test } from 'vitest'
import { orThrow, Producer } from '../../src/index.ts'
import { waitFor } from '../support/wait.ts'
import { adminOf, outcomes, settles } from './admin-client.ts'
import { freshName, onBothClusters } from './clusters.ts'
import { dealt, produceAll } from './consuming.ts'

onBothClusters('replicas', cluster => {
  const admin = adminOf(cluster)

  async function replicasOf(topic: string): Promise<(readonly number[])[]> {
    const [described] = (await admin().topics.describe([topic])).map(orThrow)
    return described?.partitions.map(({ replicas }) => replicas) ?? []
  }

  test('move to other brokers, and the preferred ones are made leaders', async () => {
    const topic = freshName('moving')
    await admin().topics.create([{ name: topic, assignments: [[1, 2]] }])
    await produceAll(cluster().bootstrapServers, dealt(topic, 50, 1))
    const results = await admin().replicas.reassign([
      { topic, partition: 0, replicas: [3, 1] },
      { topic, partition: 7, replicas: [1] },
    ])
    expect(outcomes(results)).toEqual(['done', 'UNKNOWN_TOPIC_OR_PARTITION'])
    const slot = [{ topic, partition: 0 }]
    const moving = async () => (await admin().replicas.listReassignments(slot)).length > 0
    await waitFor('the move to end', async () => !(await moving()))
    await settles(() => replicasOf(topic)).toEqual([[3, 1]])
    const elected = await admin().replicas.electLeaders(slot)
    expect(outcomes(elected)).toEqual(['done'])
    await waitFor('broker 3 to lead', async () => {
      const [described] = (await admin().topics.describe([topic])).map(orThrow)
      return described?.partitions[0]?.leader === 3
    })
    expect((await admin().replicas.electLeaders(slot)).map(orThrow)).toEqual(['unchanged'])
    const none = await admin().replicas.reassign([{ topic, partition: 0, replicas: null }])
    expect(outcomes(none)).toEqual(['NO_REASSIGNMENT_IN_PROGRESS'])
  })

  test('lie in the folders of their brokers', async () => {
    const topic = freshName('kept')
    await admin().topics.create([{ name: topic, assignments: [[1, 2]] }])
    await produceAll(cluster().bootstrapServers, dealt(topic, 10, 1))
    const partitions = [{ topic, partition: 0 }]
    const results = await admin().logDirs.describe([1, 2, 3], { partitions })
    const found = results.map(result =>
      orThrow(result).flatMap(({ replicas }) => replicas.filter(each => each.topic === topic)),
    )
    expect(found.map(replicas => replicas.length)).toEqual([1, 1, 0])
    expect(found[0]?.[0]?.bytes).toBeGreaterThan(0)
    const [dirs] = (await admin().logDirs.describe([1])).map(orThrow)
    const path = dirs?.[0]?.path ?? ''
    expect(path).not.toBe('')
    const moves = [
      { topic, partition: 0, broker: 1, path },
      { topic, partition: 0, broker: 2, path: '/nowhere' },
    ]
    expect(outcomes(await admin().logDirs.move(moves))).toEqual(['done', 'LOG_DIR_NOT_FOUND'])
  })
})

onBothClusters('transactions', cluster => {
  const admin = adminOf(cluster)

  test('are listed and described, their producers too, and can be aborted', async () => {
    const [topic, id] = [freshName('open'), freshName('transaction')]
    await admin().topics.create([{ name: topic, partitions: 1 }])
    const settings = { 'bootstrap.servers': cluster().bootstrapServers, 'transactional.id': id }
    await using producer = new Producer(settings)
    await producer.initTransactions()
    producer.beginTransaction()
    await producer.send({ topic, partition: 0, value: 'never to be read' })

    const { transactions, failures } = await admin().transactions.list({ states: ['Ongoing'] })
    expect(failures).toEqual([])
    const listed = transactions.find(each => each.transactionalId === id)
    expect(listed?.state).toBe('Ongoing')
    const [described, unknown] = await admin().transactions.describe([id, 'never-was'])
    expect(orThrow(described!)).toMatchObject({
      state: 'Ongoing',
      producerId: listed?.producerId,
      partitions: [{ topic, partitions: [0] }],
      startedAt: expect.any(Number),
    })
    expect(outcomes([unknown!])).toEqual(['TRANSACTIONAL_ID_NOT_FOUND'])
    const slot = { topic, partition: 0 }
    const [producers] = (await admin().producers.describe([slot])).map(orThrow)
    expect(producers).toMatchObject([{ producerId: listed?.producerId, transactionStart: 0 }])
    const readable = async () => {
      const committed = { isolation: 'read_committed' } as const
      const [end] = await admin().records.offsets([{ ...slot, at: 'latest' }], committed)
      return orThrow(end!).offset
    }
    expect(await readable()).toBe(0)
    // Its coordinator knows of it, so that it does not hang.
    const old = { maxTransactionTimeoutMs: 0 }
    expect(await admin().transactions.findHanging([slot], old)).toEqual([])
    await expect(admin().transactions.abort({ ...slot, startOffset: 5 })).rejects.toThrow(
      /transactions are open there from 0/,
    )
    await admin().transactions.abort({ ...slot, startOffset: 0 })
    // The record and the marker.
    await waitFor('readers to pass', async () => (await readable()) === 2)
    const [after] = (await admin().producers.describe([slot])).map(orThrow)
    expect(after?.[0]?.transactionStart).toBeUndefined()
    await producer.abortTransaction()
  })
})

onBothClusters('the cluster', cluster => {
  const admin = adminOf(cluster)

  test('tells its brokers, features and quorum', async () => {
    // One that stood still for seconds is left out until it is heard of again.
    await settles(async () => {
      return (await admin().cluster.describe()).brokers.map(({ id }) => id)
    }).toEqual([1, 2, 3])
    const { clusterId, brokers, controllerId } = await admin().cluster.describe()
    expect(clusterId).toMatch(/^[\w-]{22}$/)
    expect([1, 2, 3]).toContain(controllerId)
    const addresses = brokers.map(({ host, port }) => `${host}:${port}`)
    expect(addresses).toEqual(cluster().bootstrapServers.split(','))
    const features = await admin().cluster.features()
    const level = (name: string) => features.find(each => each.name === name)?.level
    expect(level('transaction.version')).toBe(2)
    const { leaderId, voters } = await admin().cluster.quorum()
    expect(voters.map(({ id }) => id).sort()).toEqual([1, 2, 3])
    expect([1, 2, 3]).toContain(leaderId)
  })

  test('would change the level of a feature', async () => {
    const validateOnly = { validateOnly: true }
    const update = { name: 'transaction.version', level: 1, type: 'safe-downgrade' } as const
    const [fine] = await admin().cluster.updateFeatures([update], validateOnly)
    expect(fine?.is).toBe('done')
    const wrong = { name: 'transaction.version', level: 99 }
    await expect(admin().cluster.updateFeatures([wrong], validateOnly)).rejects.toThrow(
      /INVALID_UPDATE_VERSION|FEATURE_UPDATE_FAILED/,
    )
    const features = await admin().cluster.features()
    expect(features.find(each => each.name === update.name)?.level).toBe(2)
  })
})
