import { type Clock, systemClock } from '../../base/clock.ts'
import { Cluster } from '../../cluster/cluster.ts'
import { type ClientConfig, configure } from '../../cluster/options.ts'
import { consumerConfig } from '../../consumer/options.ts'
import { asError, ConfigError } from '../../errors.ts'
import { Admin, adminOptions, consumerOptions, producerOptions, silentLogger } from '../../index.ts'
import { formatAddress } from '../../net/transport.ts'
import { producerConfig } from '../../producer/options.ts'
import { DescribeQuorum, Metadata, type ResponseOf } from '../../protocol/index.ts'
import { settingsIn } from '../settings.ts'
import { checkAddresses, checkAdvertised, isNobodyThere, type Knock } from './address-checks.ts'
import { checkClock } from './clock-checks.ts'
import { type Finding, problem, wordsApart } from './finding.ts'
import { examineRights } from './rights.ts'
import { checkSettings, type Settings } from './settings-checks.ts'
import { examineTopic } from './topic.ts'
import { checkLeaders } from './topic-checks.ts'
import { checkFeatures, checkVersions } from './version-checks.ts'
import { partitionsOf, QUESTION_MS, type Visit } from './visit.ts'

/**
 * Looks at everything that can be seen from here, from the settings to the rights, and stops where
 * looking further makes no sense. Changes nothing. Resolves to whether any broker was there.
 */
export async function examine(visit: Visit): Promise<boolean> {
  const config = settingsOf(visit)
  if (!config) return true
  const { client, settings } = config
  visit.tell(checkSettings(settings))
  const knocks = await Promise.all(client.bootstrapServers.map(server => knock(client, server)))
  visit.tell(checkAddresses(knocks, visit.env))
  const reached = knocks.filter(each => each.is === 'answered')
  const [first] = reached
  if (!first) return !isNobodyThere(knocks)
  const bootstrapServers = reached.map(({ address }) => address)
  const own = { ...client, bootstrapServers }
  using cluster = closing(new Cluster({ config: own, autoCreateTopics: false }))
  using admin = new Admin({
    ...settingsIn(adminOptions, visit.given),
    'bootstrap.servers': bootstrapServers,
    logger: silentLogger,
  })
  const metadata = await cluster.it.call(
    Metadata,
    { topics: null, allowAutoTopicCreation: false },
    { timeoutMs: QUESTION_MS },
  )
  cluster.it.view.update(metadata)
  await knockAtAll(visit, client, metadata)
  visit.tell(checkVersions(first.apis, settings))
  visit.tell(checkFeatures(cluster.it.brokers.features, settings))
  await lookAtClock(visit, cluster.it)
  visit.tell(checkLeaders(metadata.topics.flatMap(partitionsOf)))
  const contact = { visit, settings, cluster: cluster.it, admin, metadata }
  if (visit.topic !== undefined) await examineTopic(contact, visit.topic)
  await examineRights(contact)
  return true
}

/** The settings of every kind of client; what can't be right is told, and ends the visit. */
function settingsOf({ given, tell }: Visit) {
  try {
    const quiet = { ...given, logger: silentLogger }
    const client: ClientConfig = configure(adminOptions, settingsIn(adminOptions, quiet)).values
    // Made and closed for what it refuses: security settings that don't go together.
    new Cluster({ config: client, autoCreateTopics: false }).close()
    const settings: Settings = {
      producer: producerConfig(settingsIn(producerOptions, quiet)),
      consumer: consumerConfig(settingsIn(consumerOptions, quiet)),
    }
    return { client, settings }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    tell([wrongSettings(error)])
    return undefined
  }
}

/** Settings that can't be used at all. */
export function wrongSettings(error: ConfigError): Finding {
  const { what, hint } = wordsApart(error)
  return problem('settings', what, hint ?? 'docs/configuration.md has each setting')
}

/** Tries one address by itself: dials, is accepted, and has one question answered. */
async function knock(
  config: ClientConfig,
  address: string,
  clock: Clock = systemClock,
): Promise<Knock> {
  const own = { ...config, bootstrapServers: [address] }
  using cluster = closing(new Cluster({ config: own, autoCreateTopics: false }))
  const startedAt = clock.now()
  try {
    const connection = await cluster.it.brokers.any()
    // A listener that wants SASL tells its versions to everybody, and nothing else.
    await connection.send(Metadata, { topics: [], allowAutoTopicCreation: false })
    return { is: 'answered', address, ms: clock.now() - startedAt, apis: connection.versions.apis }
  } catch (error) {
    return { is: 'failed', address, error: asError(error) }
  }
}

async function knockAtAll(
  { tell, env }: Visit,
  config: ClientConfig,
  { brokers }: ResponseOf<typeof Metadata>,
): Promise<void> {
  const inOrder = brokers.toSorted((a, b) => a.nodeId - b.nodeId)
  const knocks = inOrder.map(async ({ nodeId, host, port }) => ({
    nodeId,
    knock: await knock(config, formatAddress({ host, port })),
  }))
  tell(checkAdvertised(await Promise.all(knocks), env))
}

/**
 * No answer has the time in it but that about the quorum: its leader says when it last heard of
 * itself, which is now. Where nobody may ask it (or ZooKeeper is the controller), nothing is told.
 */
async function lookAtClock({ tell }: Visit, cluster: Cluster): Promise<void> {
  const { clock } = cluster
  const topics = [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }]
  const askedAt = clock.epoch()
  try {
    const answer = await cluster.call(DescribeQuorum, { topics }, { timeoutMs: QUESTION_MS })
    const answeredAt = clock.epoch()
    const partition = answer.topics[0]?.partitions[0]
    const leader = partition?.currentVoters.find(each => each.replicaId === partition.leaderId)
    const theirs = leader?.lastCaughtUpTimestamp ?? -1
    if (theirs > 0) tell([checkClock({ askedAt, answeredAt, theirs })])
  } catch {
    // Not allowed, or not known to this cluster.
  }
}

function closing(it: Cluster): { readonly it: Cluster; [Symbol.dispose](): void } {
  return { it, [Symbol.dispose]: () => it.close() }
}
