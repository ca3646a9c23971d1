import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KafkaCluster, startKafka } from '../kafka/cluster.ts'
import type { Place } from '../kafka/properties.ts'
import { freePorts } from '../support/ports.ts'
import { Authority, type Identity } from './security-certificates.ts'
import { type OidcServer, startOidcServer } from './security-oidc.ts'

const listeners = {
  tls: 'SSL',
  mtls: 'SSL',
  expired: 'SSL',
  elsewhere: 'SSL',
  sasl: 'SASL_PLAINTEXT',
  saslTls: 'SASL_SSL',
  oauth: 'SASL_SSL',
  brief: 'SASL_PLAINTEXT',
  plainOnly: 'SASL_PLAINTEXT',
} as const

export type ListenerName = keyof typeof listeners | 'plaintext'

export const PASSWORDS = { alice: 'alice-secret-7f3a', bob: 'bob-secret-9c1d' }
/** A name and a password that need care on their way. */
export const ODD = { name: 'a,b=c', password: 'pa,ss=wörd ﬁ' }
/** How long records flow at least while secrets are renewed; the renewals alone decide without. */
export const SOAK_SECONDS = Number(process.env.SECURITY_SECONDS ?? 0)
/** How long a session of the listener `brief` lasts. */
export const BRIEF_SESSION_MS = SOAK_SECONDS > 0 ? 10_000 : 3_000

/** One broker, real or embedded, with a listener for each way to protect a connection. */
export interface SecureKafka {
  readonly kind: 'kafka' | 'embedded'
  /** Its listener without any. */
  readonly bootstrapServers: string
  readonly authority: Authority
  readonly oidc: OidcServer
  /** A folder for the test's own files. */
  readonly folder: string
  /** Signs who the broker of `mtls` knows. */
  issue(name: string): Identity
  at(listener: ListenerName, host?: string): string
  /** Gives a user a password for SCRAM-SHA-256, as Kafka's own tool does it. */
  setPassword(user: string, password: string): Promise<void>
  stop(): Promise<void>
}

export async function startSecureKafka(): Promise<SecureKafka> {
  const folder = await mkdtemp(join(tmpdir(), 'posthaste-security-'))
  const authority = new Authority('the test authority')
  const names = Object.keys(listeners) as (keyof typeof listeners)[]
  const free = await freePorts(names.length)
  const ports = new Map<ListenerName, number>(names.map((name, i) => [name, free[i]!]))
  const oidc = await startOidcServer()
  const stores = await writeStores(folder, authority)
  // Kafka asks only those token providers that the JVM is told of.
  process.env.JAVA_TOOL_OPTIONS = `-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${oidc.jwks}`
  const cluster = await startKafka({
    config: place => ({ ...listening(place, ports), ...protection(stores, oidc) }),
    format: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
      '--add-scram',
      `${mechanism}=[name=alice,password=${PASSWORDS.alice}]`,
    ]),
  }).finally(() => delete process.env.JAVA_TOOL_OPTIONS)
  ports.set('plaintext', cluster.brokers[0]!.port)
  return {
    kind: 'kafka',
    bootstrapServers: cluster.bootstrapServers,
    setPassword: (user, password) => setPassword(cluster, folder, user, password),
    authority,
    oidc,
    folder,
    issue: name => authority.issue({ name }),
    at: (listener, host = 'localhost') => `${host}:${ports.get(listener)}`,
    stop: async () => {
      await cluster.stop()
      await oidc.stop()
    },
  }
}

async function setPassword(
  cluster: KafkaCluster,
  folder: string,
  user: string,
  password: string,
): Promise<void> {
  // In a file, since what a JVM makes of odd letters in an argument depends on the machine.
  const file = join(folder, 'password.properties')
  const escaped = password.replace(/[^ -~]/g, letter => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  await writeFile(file, `SCRAM-SHA-256=password=${escaped}\n`)
  const set = ['--alter', '--add-config-file', file]
  const entity = ['--entity-type', 'users', '--entity-name', user]
  const outcome = await cluster.tool('ConfigCommand', [...set, ...entity])
  if (outcome.code !== 0) throw new Error(`${outcome.stdout}${outcome.stderr}`)
}

function listening(place: Place, ports: ReadonlyMap<ListenerName, number>) {
  const own = Object.entries(listeners).map(([name]) => {
    return `${name.toUpperCase()}://localhost:${ports.get(name as ListenerName)}`
  })
  const map = Object.entries(listeners).map(([name, how]) => `${name.toUpperCase()}:${how}`)
  const client = `PLAINTEXT://${place.host}:${place.port}`
  const controller = `CONTROLLER://${place.host}:${place.controllerPort}`
  return {
    listeners: [client, controller, ...own].join(','),
    'advertised.listeners': [client, controller, ...own].join(','),
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT', ...map].join(
      ',',
    ),
  }
}

interface Stores {
  readonly good: string
  readonly expired: string
  readonly elsewhere: string
  readonly trust: string
}

async function writeStores(folder: string, authority: Authority): Promise<Stores> {
  const store = async (name: string, { key, certificate }: Identity) => {
    const file = join(folder, `${name}.pem`)
    await writeFile(file, `${key}${certificate}`)
    return file
  }
  const trust = join(folder, 'authority.pem')
  await writeFile(trust, authority.certificate)
  const hosts = ['localhost', '127.0.0.1']
  const expired = authority.issue({ name: 'broker', hosts, days: [-9, -2] })
  const elsewhere = authority.issue({ name: 'broker', hosts: ['kafka.example.org'] })
  return {
    good: await store('broker', authority.issue({ name: 'broker', hosts })),
    expired: await store('expired', expired),
    elsewhere: await store('elsewhere', elsewhere),
    trust,
  }
}

function protection(stores: Stores, oidc: OidcServer) {
  const keystore = (listener: string, file: string) => ({
    [`listener.name.${listener}.ssl.keystore.type`]: 'PEM',
    [`listener.name.${listener}.ssl.keystore.location`]: file,
  })
  const truststore = {
    'listener.name.mtls.ssl.truststore.type': 'PEM',
    'listener.name.mtls.ssl.truststore.location': stores.trust,
    'listener.name.mtls.ssl.client.auth': 'required',
  }
  return {
    ...keystore('tls', stores.good),
    ...keystore('mtls', stores.good),
    ...keystore('saslTls'.toLowerCase(), stores.good),
    ...keystore('oauth', stores.good),
    ...keystore('expired', stores.expired),
    ...keystore('elsewhere', stores.elsewhere),
    ...truststore,
    ...passwords('sasl'),
    ...passwords('sasltls'),
    ...passwords('brief'),
    ...passwords('plainonly'),
    'listener.name.plainonly.sasl.enabled.mechanisms': 'PLAIN',
    ...bearer('oauth', oidc),
    ...bearer('brief', oidc),
    'listener.name.oauth.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.brief.sasl.enabled.mechanisms': 'SCRAM-SHA-256,OAUTHBEARER',
    'listener.name.brief.scram-sha-256.connections.max.reauth.ms': BRIEF_SESSION_MS,
    'listener.name.brief.oauthbearer.connections.max.reauth.ms': BRIEF_SESSION_MS,
  }
}

function passwords(listener: string) {
  const module = (name: string) => `org.apache.kafka.common.security.${name} required`
  const users = Object.entries(PASSWORDS).map(([name, password]) => `user_${name}="${password}"`)
  const jaas = (mechanism: string) => `listener.name.${listener}.${mechanism}.sasl.jaas.config`
  return {
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    [jaas('plain')]: `${module('plain.PlainLoginModule')} ${users.join(' ')};`,
    [jaas('scram-sha-256')]: `${module('scram.ScramLoginModule')};`,
    [jaas('scram-sha-512')]: `${module('scram.ScramLoginModule')};`,
  }
}

function bearer(listener: string, { jwks, issuer, audience }: OidcServer) {
  const prefix = `listener.name.${listener}.oauthbearer.`
  const home = 'org.apache.kafka.common.security.oauthbearer'
  return {
    [`${prefix}sasl.jaas.config`]: `${home}.OAuthBearerLoginModule required;`,
    [`${prefix}sasl.server.callback.handler.class`]: `${home}.OAuthBearerValidatorCallbackHandler`,
    [`${prefix}sasl.oauthbearer.jwks.endpoint.url`]: jwks,
    [`${prefix}sasl.oauthbearer.expected.issuer`]: issuer,
    [`${prefix}sasl.oauthbearer.expected.audience`]: audience,
  }
}
