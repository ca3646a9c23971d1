import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { root } from '../support/cache.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Those that are run by tests of their own. */
const elsewhere = ['read-process-write.ts', 'schema-registry.ts', 'service.ts']

/** What each example prints. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  'first-message.ts': ['stored: greetings [0] @ 0', 'read:   user-7: hello, Kafka'],
  'delivery-report.ts': [
    'stored: order 1 @ 0',
    'stored: order 2 @ 1',
    'stored: order 3 @ 2',
    'failed: TOPIC_AUTHORIZATION_FAILED, in the log: no, retriable: false',
    'refused at the call: MESSAGE_TOO_LARGE',
  ],
  'task-events.ts': [
    'task-a [0]: created → assigned → started → done',
    'task-b [0]: created → assigned → started → done',
    'task-c [1]: created → assigned → started → done',
  ],
  'order-pipeline.ts': [
    'dashboard: 44850 in all',
    'fraud check: 49 to look at',
    'warehouse: 300 orders to pack',
  ],
  'priority-partitioner.ts': [
    'partition 0: finn',
    'partition 1: gus',
    'partition 2: ada, cleo, eve',
    'partition 3: urgent:bob, urgent:dan',
  ],
  'opentelemetry.ts': [
    'publish orders, within send orders',
    'send orders, within POST /orders',
    'POST /orders',
    'INSERT INTO bills, within process orders',
    'commit orders, within process orders',
    'process orders, within send orders',
    '6 spans, 1 trace',
  ],
  'prometheus.ts': [
    'posthaste_producer_records_delivered_total' +
      '{service="shop",client_id="checkout",topic="orders"} 100',
    'posthaste_producer_records_failed_total' +
      '{service="shop",client_id="checkout",topic="orders",error="TOPIC_AUTHORIZATION_FAILED"} 1',
    'posthaste_consumer_lag_records' +
      '{service="shop",client_id="warehouse",topic="orders",partition="0"} 61',
    'posthaste_consumer_fetched_records_total' +
      '{service="shop",client_id="warehouse",topic="orders"} 100',
  ],
  'back-pressure-from-file.ts': [
    '50000 lines delivered',
    'waited for space: true; never held more than 256 KiB: true',
  ],
}

test.each(Object.entries(outputs))('%s', async (name, expected) => {
  const printed: string[] = []
  const { main } = await import(join(root, 'examples', name))
  await main((line: string) => printed.push(line))
  expect(printed).toEqual(expected)
})

test('each example is listed with its command, and tested', () => {
  const files = readdirSync(join(root, 'examples')).filter(name => name.endsWith('.ts'))
  const list = readFileSync(join(root, 'examples/README.md'), 'utf8')
  expect([...Object.keys(outputs), ...elsewhere].sort()).toEqual(files.sort())
  for (const name of files) expect(list).toContain(`npx tsx examples/${name}`)
})

test('none is longer than it should be', () => {
  for (const name of Object.keys(outputs)) {
    const lines = readFileSync(join(root, 'examples', name), 'utf8')
      .trimEnd()
      .split('\n')
    expect(lines.length, name).toBeLessThanOrEqual(60)
  }
})
