import { expect, test } from 'vitest'
import { Admin } from '../../../src/admin/admin.ts'
import { ConfigError } from '../../../src/errors.ts'

type Call = (...given: unknown[]) => Promise<unknown>

const admin = new Admin({ 'bootstrap.servers': 'localhost:1' })
const { topics, groups } = admin
const calls: Readonly<Record<string, Call>> = {
  'topics.create': (...given) => Reflect.apply(topics.create, topics, given),
  'topics.delete': (...given) => Reflect.apply(topics.delete, topics, given),
  'topics.createPartitions': (...given) => Reflect.apply(topics.createPartitions, topics, given),
  'topics.describe': (...given) => Reflect.apply(topics.describe, topics, given),
  'groups.describe': (...given) => Reflect.apply(groups.describe, groups, given),
  'groups.delete': (...given) => Reflect.apply(groups.delete, groups, given),
}

test.each(Object.keys(calls))('%s() is told what it takes before it asks a broker', async name => {
  for (const [given, got] of [
    ['orders', 'string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [{ topics: [] }, 'object'],
  ]) {
    const refused = calls[name]!(given)
    await expect(refused).rejects.toThrow(ConfigError)
    await expect(refused).rejects.toThrow(`${name}() takes a list, such as [`)
    await expect(refused).rejects.toThrow(`], got ${got}`)
  }
})

test.each([['orders'], [{}], [null]])(
  'a topic to be made has a name, and %o has none',
  async each => {
    await expect(calls['topics.create']!([each])).rejects.toThrow(
      "topics.create() needs the name of each topic: [{ name: 'orders' }]",
    )
  },
)

test('an admin client that was closed says so', async () => {
  using closed = new Admin({ 'bootstrap.servers': 'localhost:1' })
  closed.close()
  await expect(closed.topics.list()).rejects.toMatchObject({
    code: 'CLOSED',
    message: 'this client was closed',
  })
})
