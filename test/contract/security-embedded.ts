import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  EmbeddedCluster,
  type JwkSet,
  type ListenerOptions,
  type SaslMechanisms,
} from '../../src/broker/index.ts'
import { Admin, orThrow, silentLogger } from '../../src/index.ts'
import { Authority, type Identity } from './security-certificates.ts'
import { BRIEF_SESSION_MS, PASSWORDS, type SecureKafka } from './security-kafka.ts'
import { type OidcServer, startOidcServer } from './security-oidc.ts'

const HOSTS = ['localhost', '127.0.0.1']
const passwords: SaslMechanisms = {
  PLAIN: { users: PASSWORDS },
  'SCRAM-SHA-256': { users: PASSWORDS },
  'SCRAM-SHA-512': { users: PASSWORDS },
}

/** An embedded cluster with the same listeners as the real one. */
export async function startSecureEmbedded(): Promise<SecureKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-security-'))
  const authority = new Authority('the test authority')
  await writeFile(join(folder, 'authority.pem'), authority.certificate)
  const oidc = await startOidcServer()
  const cluster = await EmbeddedCluster.start({
    host: 'localhost',
    listeners: listenersOf(authority, oidc),
    logger: silentLogger,
  })
  const admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
  const addressOf = (listener: string) =>
    listener === 'plaintext' ? cluster.bootstrapServers : cluster.bootstrapServersAt(listener)
  return {
    kind: 'embedded',
    bootstrapServers: cluster.bootstrapServers,
    authority,
    oidc,
    folder,
    issue: name => authority.issue({ name }),
    at: (listener, host = 'localhost') => addressOf(listener).replace('localhost', host),
    async setPassword(user, password) {
      const upsert = [{ user, mechanism: 'SCRAM-SHA-256' as const, password }]
      for (const result of await admin.scram.alter({ upsert })) orThrow(result)
    },
    stop: async () => {
      admin.close()
      await cluster.stop()
      await oidc.stop()
      await rm(folder, { recursive: true })
    },
  }
}

function listenersOf(authority: Authority, oidc: OidcServer): Record<string, ListenerOptions> {
  const good = shown(authority.issue({ name: 'broker', hosts: HOSTS }))
  const expired = authority.issue({ name: 'broker', hosts: HOSTS, days: [-9, -2] })
  const elsewhere = authority.issue({ name: 'broker', hosts: ['kafka.example.org'] })
  const { issuer, audience } = oidc
  const OAUTHBEARER = { jwks: () => keysOf(oidc), issuer, audience }
  const { 'SCRAM-SHA-256': scram = {} } = passwords
  return {
    tls: { tls: good },
    mtls: { tls: { ...good, ca: authority.certificate, clientAuth: 'required' } },
    expired: { tls: shown(expired) },
    elsewhere: { tls: shown(elsewhere) },
    sasl: { sasl: { mechanisms: passwords } },
    saslTls: { tls: good, sasl: { mechanisms: passwords } },
    oauth: { tls: good, sasl: { mechanisms: { OAUTHBEARER } } },
    brief: {
      sasl: {
        mechanisms: { 'SCRAM-SHA-256': scram, OAUTHBEARER },
        maxReauthMs: BRIEF_SESSION_MS,
      },
    },
    plainOnly: { sasl: { mechanisms: { PLAIN: { users: PASSWORDS } } } },
  }
}

function shown({ key, certificate }: Identity) {
  return { key, cert: certificate }
}

async function keysOf({ jwks }: OidcServer): Promise<JwkSet> {
  const response = await fetch(jwks)
  const set: unknown = await response.json()
  if (typeof set === 'object' && set && 'keys' in set && Array.isArray(set.keys)) {
    return { keys: set.keys }
  }
  throw new Error('the provider gave no keys')
}
