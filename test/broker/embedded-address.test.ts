import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/cache.ts'
import { run } from '../support/run.ts'

const module = (name: string) => JSON.stringify(join(root, 'src', name))

/** A whole program: it must also end by itself. */
const program = (code: string) =>
  run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], { cwd: root })

test('embedded:N is a cluster in the program itself, shared by its clients', async () => {
  const { code, stdout, stderr } = await program(`
    import { Admin, Consumer, Producer } from ${module('index.ts')}
    const where = { 'bootstrap.servers': 'embedded:3' }
    const admin = new Admin(where)
    await admin.topics.create([{ name: 't', partitions: 6, replicationFactor: 3 }])
    const producer = new Producer(where)
    const partitions = await producer.partitionsFor('t')
    const sent = await producer.send({ topic: 't', key: 'k', value: 'hello' })
    const consumer = new Consumer({ ...where, 'group.id': 'g', 'auto.offset.reset': 'earliest' })
    await consumer.subscribe(['t'])
    for await (const { value, partition } of consumer) {
      const leaders = new Set(partitions.map(({ leader }) => leader)).size
      console.log(String(value), partition === sent.partition, leaders)
      break
    }
    await consumer.close()
    await producer.close()
    await admin.close()
  `)
  expect(stderr).toBe('')
  expect(stdout).toBe('hello true 3\n')
  expect(code).toBe(0)
})

test('clients that nobody closed do not keep its program from ending', async () => {
  const { code, stdout } = await program(`
    import { Producer } from ${module('index.ts')}
    const producer = new Producer({ 'bootstrap.servers': 'embedded:1' })
    console.log((await producer.send({ topic: 't', value: 'v' })).offset)
  `)
  expect(stdout).toBe('0\n')
  expect(code).toBe(0)
})

test('a program does not end before what it produced has its outcome', async () => {
  const { code, stdout } = await program(`
    import { Producer } from ${module('index.ts')}
    const producer = new Producer({ 'bootstrap.servers': 'embedded:1', 'linger.ms': 300 })
    await producer.send({ topic: 't', value: 'v' })
    setTimeout(() => {
      producer.produce({ topic: 't', value: 'w' }, (error, report) => console.log(report.offset))
    }, 100)
  `)
  expect(stdout).toBe('1\n')
  expect(code).toBe(0)
})

test('the command line takes it too', async () => {
  const { code, stdout } = await run(
    process.execPath,
    ['--import', 'tsx', join(root, 'src/cli/main.ts'), 'topics', 'list', '--json'],
    { cwd: root, env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: 'embedded:2' } },
  )
  expect(stdout).toBe('')
  expect(code).toBe(0)
})

test('how many brokers must be a number that makes sense', async () => {
  const { stderr } = await program(`
    import { Producer } from ${module('index.ts')}
    new Producer({ 'bootstrap.servers': 'embedded:9092' })
  `)
  expect(stderr).toContain('a cluster of 9092 brokers in this process')
  expect(stderr).toContain("for a host of that name write 'embedded.:9092'")
})
