import type { Scenario } from '../scenario.ts'
import { groupSettings, handedTo, shareOf } from './groups.ts'

const RECORDS = 12

export const consumerGroup: Scenario = {
  name: 'consumer-group',
  title: 'A consumer group',
  about: 'Two members share the partitions of a topic; each record goes to one of them.',
  async play(stage) {
    const topic = await stage.topic('orders', 4)
    const group = stage.own('billing')
    const settings = { 'group.id': group, ...groupSettings }
    const anna = stage.consumer('anna', settings, 'The first member …')
    await anna.subscribe([topic], '… has all partitions for itself.')
    const ben = stage.consumer('ben', settings, 'The second member joins:')
    await ben.subscribe([topic], 'half of the partitions move over to it.')
    await stage.until('the share of ben', () => shareOf(stage, 'ben') === 2)
    const producer = stage.producer('producer', { 'linger.ms': 60_000 })
    const orders = Array.from({ length: RECORDS }, (_, i) => ({
      topic,
      partition: i % 4,
      value: `order ${i + 1}`,
    }))
    await producer.produceEach(orders, 'Twelve orders, three for each partition.')
    await producer.flush()
    await stage.until('all orders to be read', () => handedTo(stage) >= RECORDS)
    await ben.close('It commits how far it got, and leaves.')
    await anna.close()
    await producer.close()
  },
}
