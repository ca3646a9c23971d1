import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { Admin, orThrow, silentLogger } from '../../src/index.ts'
import { root } from '../support/cache.ts'
import { firstLine } from '../support/first-line.ts'
import { guardedListeners, superUsers } from './guarded-program.ts'

const PASSWORD = 'survivor-secret-3d81'
const mechanism = 'SCRAM-SHA-512'

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'posthaste-survives-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

/** Makes ACLs, users and quotas, the n-th of each kind, and takes the one before away again. */
async function change(admin: Admin, n: number): Promise<void> {
  const principal = `User:user-${n}`
  const about = { resourceType: 'TOPIC', resourceName: `topic-${n}`, operation: 'READ' } as const
  for (const made of await admin.acls.create([{ ...about, principal }])) orThrow(made)
  const upsert = [{ user: `user-${n}`, mechanism, password: PASSWORD } as const]
  for (const made of await admin.scram.alter({ upsert })) orThrow(made)
  const set = { producer_byte_rate: 1000 + n }
  for (const made of await admin.quotas.alter([{ entity: { user: `user-${n}` }, set }])) {
    orThrow(made)
  }
  if (n % 2 === 0) return
  for (const gone of await admin.acls.delete([{ principal: `User:user-${n - 1}` }])) orThrow(gone)
  const scram = { delete: [{ user: `user-${n - 1}`, mechanism } as const] }
  for (const gone of await admin.scram.alter(scram)) orThrow(gone)
}

/** What is in force, up to the n-th of each kind. */
async function inForce(admin: Admin, upTo: number) {
  const number = (name: string) => Number(/\d+$/.exec(name)?.[0])
  const [acls, users, quotas] = await Promise.all([
    admin.acls.list(),
    admin.scram.describe(),
    admin.quotas.describe(),
  ])
  const numbers = {
    acls: acls.map(({ principal }) => number(principal)),
    users: users.map(({ user }) => number(user)),
    quotas: quotas.map(({ values }) => (values.producer_byte_rate ?? 0) - 1000),
  }
  const [inAcls, inUsers, inQuotas] = Object.values(numbers).map(list =>
    list.filter(n => n <= upTo).sort((a, b) => a - b),
  )
  return { acls: inAcls, users: inUsers, quotas: inQuotas }
}

async function login(
  cluster: EmbeddedCluster,
  user: string,
  password = PASSWORD,
): Promise<string[]> {
  using admin = new Admin({
    'bootstrap.servers': cluster.bootstrapServersAt('guarded'),
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanism': mechanism,
    'sasl.username': user,
    'sasl.password': password,
    logger: silentLogger,
  })
  return (await admin.topics.list()).map(({ name }) => name)
}

const restarted = () =>
  EmbeddedCluster.start({
    dataDir,
    listeners: guardedListeners,
    authorizer: { superUsers },
    logger: silentLogger,
  })

const LAST = 11
const odd = Array.from({ length: (LAST + 1) / 2 }, (_, i) => 2 * i + 1)
const all = Array.from({ length: LAST + 1 }, (_, i) => i)

/** Everything that was answered holds, for those who log in as well. */
async function expectAll(): Promise<void> {
  await using cluster = await restarted()
  using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
  expect(await inForce(admin, LAST)).toEqual({ acls: odd, users: odd, quotas: all })
  await cluster.createTopic(`topic-${LAST}`)
  await cluster.createTopic(`topic-${LAST - 1}`)
  expect(await login(cluster, `user-${LAST}`)).toEqual([`topic-${LAST}`])
  const refused = { code: 'SASL_AUTHENTICATION_FAILED' }
  await expect(login(cluster, `user-${LAST}`, 'wrong')).rejects.toMatchObject(refused)
  await expect(login(cluster, `user-${LAST - 1}`)).rejects.toMatchObject(refused)
  const kept = await readFile(join(dataDir, 'cluster.json'), 'utf8')
  expect(kept).not.toContain(PASSWORD)
}

test('ACLs, users and quotas that were answered survive kill -9', async () => {
  const program = join(root, 'test', 'broker', 'guarded-program.ts')
  const args = ['--import', 'tsx', program, dataDir]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const bootstrapServers = await firstLine(child)
  using admin = new Admin({
    'bootstrap.servers': bootstrapServers,
    logger: silentLogger,
  })
  for (let n = 0; n <= LAST; n++) await change(admin, n)
  // It dies while more is being written.
  const more = change(admin, LAST + 1).catch(() => {})
  child.kill('SIGKILL')
  await gone
  admin.close()
  await more
  await expectAll()
})

test('they survive a restart', async () => {
  {
    await using cluster = await restarted()
    using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
    for (let n = 0; n <= LAST; n++) await change(admin, n)
  }
  await expectAll()
})
