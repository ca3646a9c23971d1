import { Producer } from '../../src/index.ts'

// Sends a record, and forgets to close: what it was asked to push must not keep it alive.
const [servers = '', time] = process.argv.slice(2)
const producer = new Producer({ 'bootstrap.servers': servers })
await producer.send({ topic: 't', value: 'v', timestamp: Number(time) })
