import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { describeWithPython, pythonWithClients, runPython } from '../python/venv.ts'

const script = join(import.meta.dirname, 'broker-groups.py')
let cluster: EmbeddedCluster

describeWithPython("groups of others' consumers on the embedded broker", () => {
  beforeAll(async () => {
    await pythonWithClients()
    cluster = await EmbeddedCluster.start({
      brokers: 3,
      defaultPartitions: 4,
      logger: silentLogger,
    })
  })
  afterAll(() => cluster.stop())

  test.each([
    ['confluent', 'range', 'classic'],
    ['confluent', 'cooperative-sticky', 'classic'],
    ['kafka-python', 'range', 'classic'],
    ['kafka-python', 'roundrobin', 'classic'],
    ['confluent', 'uniform', 'consumer'],
    ['confluent', 'range', 'consumer'],
  ])(
    'share, hand over and resume: %s, %s, %s protocol',
    async (...scenario) => {
      const outcome = await runPython(script, [cluster.bootstrapServers, ...scenario])
      expect(outcome.stderr).toBe('')
      expect(outcome.code).toBe(0)
      const { committed, repeated } = JSON.parse(outcome.stdout)
      expect(committed).toEqual([100, 100, 100, 100])
      // A record whose commit was refused in a rebalance is read again: one a member at most.
      expect(repeated).toBeLessThanOrEqual(4)
    },
    400_000,
  )
})
