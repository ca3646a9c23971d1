import type { Scenario } from '../scenario.ts'

export const fencing: Scenario = {
  name: 'fencing',
  title: 'Fencing',
  about: 'A second producer takes over a transactional id; the first may do nothing any more.',
  async play(stage) {
    const topic = await stage.topic('ledger', 1)
    const id = { 'transactional.id': stage.own('ledger'), 'linger.ms': 60_000 }
    const old = stage.producer('old', id)
    await old.initTransactions()
    await old.beginTransaction()
    await old.produce({ topic, partition: 0, value: 'from the old one' })
    await old.flush('It has a transaction open, with a record in the log.')
    const fresh = stage.producer('fresh', id, 'Another process starts with the same id.')
    await fresh.initTransactions('It gets a higher epoch; what the old one left open is aborted.')
    await old
      .commitTransaction('The old one does not know yet. Its epoch is too low now.')
      .catch(() => {})
    await fresh.beginTransaction()
    await fresh.produce({ topic, partition: 0, value: 'from the fresh one' })
    await fresh.commitTransaction('The new one works.')
    const reader = stage.consumer('reader', { 'isolation.level': 'read_committed' })
    await reader.readAll(topic, 1, 'Only what was committed is read.')
    await reader.close()
    await fresh.close()
    await old.close()
  },
}
