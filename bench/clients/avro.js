/** The Avro work of the Node clients: the records of work.js as values of one schema. */
import { measure, work } from './work.js'

/** Nothing in it that one client would convert and another would not. */
export const schema = {
  type: 'record',
  name: 'Order',
  namespace: 'bench',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'ts', type: 'long' },
    { name: 'user', type: 'string' },
    { name: 'amount', type: 'double' },
    {
      name: 'currency',
      type: { type: 'enum', name: 'Currency', symbols: ['EUR', 'USD', 'GBP', 'SEK'] },
    },
    { name: 'items', type: { type: 'array', items: 'int' } },
    { name: 'note', type: ['null', 'string'] },
  ],
}

export const subject = `${work.topic}-value`
export const registryUrl = process.env.REGISTRY
export const orders = work.texts.map(({ key, value }) => ({ key, value: JSON.parse(value) }))

/** What was serialized is looked at, so that no compiler leaves it out. */
export async function measureAvro(serialize, produce) {
  const alone = messages => {
    let bytes = 0
    for (let i = 0; i < messages; i++) bytes += serialize(i).length
    return bytes > messages ? messages : 0
  }
  await measure(work.mode === 'avro alone' ? alone : produce)
}
