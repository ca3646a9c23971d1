import { setTimeout as pause } from 'node:timers/promises'
import { BufferFullError, Producer, silentLogger } from '../../src/index.ts'
import { heldMemory } from '../support/held-memory.ts'

/**
 * Produces for ever to a broker that has gone, as a program that ignores every sign. Prints its
 * memory each second as JSON lines; a word on stdin says that the broker is back.
 */
const [bootstrapServers = '', bufferMemory = '0'] = process.argv.slice(2)
const topic = 'memory'
const producer = new Producer({
  'bootstrap.servers': bootstrapServers,
  'buffer.memory': Number(bufferMemory),
  'delivery.timeout.ms': 300_000,
  logger: silentLogger,
})
const value = Buffer.alloc(500, 'x')
let refused = 0
let delivered = 0

function fill(): void {
  for (let i = 0; i < 20_000; i++) {
    try {
      producer.produce({ topic, key: `k${i}`, value }, error => {
        if (!error) delivered++
      })
    } catch (error) {
      if (!(error instanceof BufferFullError)) throw error
      refused++
    }
  }
}

function report(): void {
  process.stdout.write(`${JSON.stringify({ ...heldMemory(), refused, delivered })}\n`)
}

// A program that has been at work for a while: its heap has the size that the rate asks for.
for (let i = 0; i < 15; i++) {
  fill()
  await producer.flush()
}
refused = 0
delivered = 0
report()
let wanted = Number.POSITIVE_INFINITY
process.stdin.once('data', () => {
  wanted = delivered + 60_000
})
while (delivered < wanted) {
  for (let i = 0; i < 10; i++) {
    fill()
    await pause(100)
  }
  report()
}
process.exit(0)
