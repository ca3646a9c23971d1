import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { cached } from '../support/cache.ts'
import { run, runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

/**
 * `INTEROP=whole` runs the tests as their authors do, with half a million records in each chain of
 * consumers and producers, which takes many minutes here; else it is a hundredth of that.
 */
const isWhole = process.env.INTEROP === 'whole'
const records = isWhole ? 500_000 : 5_000
const limitMs = isWhole ? 1_800_000 : 240_000

/** What the tests themselves leave out where a cluster has no share groups. */
const leftOut = ['TestShareGroup', 'TestShareGroupAckOnClose', 'TestShareGroupETL']

const [USER, PASSWORD] = ['franz', 'go-secret']

describe.skipIf(lacks('go'))("the embedded broker and franz-go's own tests", () => {
  let program: string
  beforeAll(async () => {
    program = await built()
  })

  it(`passes all of them, with ${records} records`, { timeout: limitMs }, async () => {
    const mechanisms = { 'SCRAM-SHA-256': { users: { [USER]: PASSWORD } } }
    await using cluster = await EmbeddedCluster.start({
      brokers: 3,
      listeners: { guarded: { sasl: { mechanisms } } },
      logger: silentLogger,
    })
    // Some of them write files where they are run.
    const cwd = await mkdtemp(join(tmpdir(), 'posthaste-franz-'))
    const env = {
      ...process.env,
      KGO_SEEDS: cluster.bootstrapServers,
      KGO_TEST_RECORDS: String(records),
      KGO_LOG_LEVEL: 'none',
      KGO_TEST_SCRAM: `${USER}:${PASSWORD}:256`,
      KGO_TEST_SCRAM_SEEDS: cluster.bootstrapServersAt('guarded'),
    }
    const args = ['-test.v', `-test.timeout=${limitMs - 20_000}ms`]
    const { code, stdout } = await run(program, args, { cwd, env })
    await rm(cwd, { recursive: true })
    const named = (outcome: string) =>
      [...stdout.matchAll(new RegExp(`^ *--- ${outcome}: (\\S+)`, 'gm'))].map(match => match[1])
    const failed = named('FAIL')
    expect(failed, aboutFailures(stdout)).toEqual([])
    expect(code, stdout.slice(-5000)).toBe(0)
    expect(named('SKIP').sort()).toEqual(leftOut)
    expect(named('PASS').length).toBeGreaterThan(240)
    expect(cluster.counters.failedRequests).toBe(0)
    // The one that comes with a wrong password.
    expect(cluster.counters.failedAuthentications).toBeGreaterThan(0)
  })
})

/** The tests of the client in its Go module, as a program; it is built once for each version. */
async function built(): Promise<string> {
  const module = join(import.meta.dirname, 'clients', 'franz')
  const sums = await readFile(join(module, 'go.sum'))
  const hash = createHash('sha256').update(sums).digest('hex').slice(0, 12)
  const folder = await cached(`franz-tests-${hash}`, async to => {
    const what = ['-o', join(to, 'tests'), 'github.com/twmb/franz-go/pkg/kgo']
    await runOrThrow('go', ['test', '-c', ...what], { cwd: module })
  })
  return join(folder, 'tests')
}

/** What the failed tests said, without all the others. */
function aboutFailures(stdout: string): string {
  const from = stdout.search(/^ *--- FAIL/m)
  return from < 0 ? '' : stdout.slice(Math.max(0, from - 3000), from + 3000)
}
