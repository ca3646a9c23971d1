import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TELEMETRY_MAX_BYTES } from '../../../src/broker/handlers/71-get-telemetry-subscriptions.ts'
import { MOST_NEW_PARTITIONS } from '../../../src/broker/model/limits.ts'
import { parseClusterOptions } from '../../../src/broker/options.ts'
import { LONGEST_SASL_MESSAGE } from '../../../src/broker/security/sasl/mechanism.ts'
import { ITERATIONS } from '../../../src/broker/security/sasl/scram-credential.ts'
import { clientOptions, configure } from '../../../src/cluster/options.ts'
import { LEAST_ITERATIONS, MOST_ITERATIONS } from '../../../src/net/sasl/scram-messages.ts'
import { MAX_DECOMPRESSED_BYTES } from '../../../src/records/index.ts'
import { root } from '../../support/cache.ts'

const page = readFileSync(join(root, 'docs', 'security.md'), 'utf8')
const MiB = 1024 * 1024
const commas = (value: number) => value.toLocaleString('en-US')
const mebibytes = (bytes: number) => `${bytes / MiB} MiB`

/** The row of the table of limits that begins so. */
function row(what: string): string {
  const found = page.split('\n').find(line => line.startsWith(`| ${what}`))
  return found ?? `no row about ${what}`
}

test('the limits in docs/security.md are those of the code', () => {
  const settings = { 'bootstrap.servers': 'x:1' }
  const { values } = configure(clientOptions, settings)
  expect(row('an answer of a broker')).toContain(commas(values.receiveMessageMaxBytes))
  expect(row('a request to the embedded')).toContain(
    mebibytes(parseClusterOptions({}).settings.maxRequestBytes),
  )
  expect(row('a batch of records, decomp')).toContain(mebibytes(MAX_DECOMPRESSED_BYTES))
  expect(row('metrics that a client')).toContain(mebibytes(TELEMETRY_MAX_BYTES))
  expect(row('new partitions')).toContain(commas(MOST_NEW_PARTITIONS))
  expect(row('a message of SASL')).toContain(`${LONGEST_SASL_MESSAGE / 1024} KiB`)
  const ours = `${commas(LEAST_ITERATIONS)} to ${commas(MOST_ITERATIONS)} as a client`
  const theirs = `${commas(ITERATIONS.least)} to ${commas(ITERATIONS.most)}`
  expect(row('iterations of SCRAM')).toContain(ours)
  expect(row('iterations of SCRAM')).toContain(theirs)
})
