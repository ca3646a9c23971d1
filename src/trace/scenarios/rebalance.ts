import type { Scenario } from '../scenario.ts'
import { groupSettings, handedTo, shareOf } from './groups.ts'

export const rebalance: Scenario = {
  name: 'rebalance',
  title: 'A rebalance',
  about: 'Members come and go: partitions are given up, moved, and taken over with their offsets.',
  async play(stage) {
    const topic = await stage.topic('jobs', 4)
    const settings = { 'group.id': stage.own('workers'), ...groupSettings }
    const producer = stage.producer('producer', { 'linger.ms': 60_000 })
    const jobs = (round: number) =>
      Array.from({ length: 4 }, (_, partition) => ({
        topic,
        partition,
        value: `job ${round}.${partition}`,
      }))
    await producer.produceEach(jobs(1))
    await producer.flush()
    const anna = stage.consumer('anna', settings)
    await anna.subscribe([topic], 'Alone, anna has all four partitions.')
    await stage.until('four jobs to be done', () => handedTo(stage) >= 4)
    const ben = stage.consumer('ben', settings)
    await ben.subscribe([topic], 'anna commits and gives up two, which ben then gets.')
    await stage.until('the share of ben', () => shareOf(stage, 'ben') === 2)
    await producer.produceEach(jobs(2))
    await producer.flush()
    await stage.until('eight jobs to be done', () => handedTo(stage) >= 8)
    await ben.close('ben leaves; its partitions go back, and go on where it stopped.')
    await stage.until('the share of anna', () => shareOf(stage, 'anna') === 4)
    await producer.produceEach(jobs(3))
    await producer.flush()
    await stage.until('twelve jobs to be done', () => handedTo(stage) >= 12)
    await anna.close('No job was done twice, and none was left out.')
    await producer.close()
  },
}
