import type { Scenario } from '../scenario.ts'

export const transaction: Scenario = {
  name: 'transaction',
  title: 'Transactions',
  about: 'All of it or nothing: a commit and an abort, as a read_committed reader sees them.',
  async play(stage) {
    const topic = await stage.topic('accounts', 2)
    const bank = stage.producer(
      'bank',
      { 'transactional.id': stage.own('bank'), 'linger.ms': 60_000 },
      'The transactional id is who it is, over restarts.',
    )
    await bank.initTransactions('The coordinator gives it a producer id and an epoch.')
    await bank.beginTransaction()
    await bank.produce({ topic, partition: 0, value: 'ada -10' })
    await bank.produce({ topic, partition: 1, value: 'grace +10' }, 'In two slots …')
    await bank.commitTransaction('… yet both count, or neither: a marker is written to each.')
    await bank.beginTransaction('A second one.')
    await bank.produce({ topic, partition: 0, value: 'ada -99' })
    await bank.flush('Its record is in the log already …')
    await bank.abortTransaction('… when it is taken back.')
    const careful = stage.consumer('careful', { 'isolation.level': 'read_committed' })
    await careful.readAll(topic, 2, 'It never sees what was aborted.')
    await careful.close()
    const hasty = stage.consumer('hasty', { 'isolation.level': 'read_uncommitted' })
    await hasty.readAll(topic, 2, 'Who does not ask for read_committed sees all.')
    await hasty.close()
    await bank.close()
  },
}
