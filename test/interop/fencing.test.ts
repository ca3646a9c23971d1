import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, it } from 'vitest'
import { FencedError, Producer, silentLogger } from '../../src/index.ts'
import { freshName, onBothClusters, onFirstProtocol } from '../contract/clusters.ts'
import { readBack } from '../contract/read-back.ts'
import { pythonWithClients, runPython } from '../python/venv.ts'
import { lacks } from '../support/tools.ts'

const script = join(import.meta.dirname, 'fencing.py')

for (const clusters of [onBothClusters, onFirstProtocol]) {
  clusters('a transactional id that librdkafka and ours fight over', cluster => {
    beforeAll(() => pythonWithClients())

    const make = (transactionalId: string) =>
      new Producer({
        'bootstrap.servers': cluster().bootstrapServers,
        'transactional.id': transactionalId,
        logger: silentLogger,
      })
    const values = async (topic: string) =>
      (await readBack(cluster().bootstrapServers, topic)).map(({ value }) => value).sort()

    it.skipIf(lacks('python3'))('theirs fences ours', { timeout: 180_000 }, async () => {
      const [id, topic] = [freshName('fence'), freshName('fenced')]
      await using ours = make(id)
      await ours.transaction(tx => tx.send({ topic, value: 'before' }))
      ours.beginTransaction()
      await ours.send({ topic, value: 'lost' })
      const { bootstrapServers } = cluster()
      // It warns of CONCURRENT_TRANSACTIONS, since what we left open must be aborted first.
      const outcome = await runPython(script, ['takeover', bootstrapServers, id, topic])
      expect(`${outcome.code} ${outcome.stderr}`).toMatch(/^0 /)
      await expect(ours.commitTransaction()).rejects.toBeInstanceOf(FencedError)
      expect(() => ours.beginTransaction()).toThrow(FencedError)
      expect(await values(topic)).toEqual(['before', 'takeover'])
    })

    it.skipIf(lacks('python3'))('ours fences theirs', { timeout: 180_000 }, async () => {
      const [id, topic] = [freshName('fence'), freshName('fenced')]
      const args = [script, 'taken', cluster().bootstrapServers, id, topic]
      const theirs = spawn(await pythonWithClients(), args, { stdio: ['pipe', 'pipe', 'inherit'] })
      const [line] = await once(theirs.stdout, 'data')
      expect(String(line).trim()).toBe('open')
      await using ours = make(id)
      await ours.transaction(tx => tx.send({ topic, value: 'ours' }))
      theirs.stdin.end('\n')
      expect((await text(theirs.stdout)).trim()).toMatch(
        /^_?(FENCED|PRODUCER_FENCED|INVALID_PRODUCER_EPOCH) fatal$/,
      )
      expect(await values(topic)).toEqual(['ours'])
    })
  })
}
