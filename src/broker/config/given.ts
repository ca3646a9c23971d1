import { formatAddress } from '../../net/transport.ts'
import type { BrokerNode } from '../model/broker-node.ts'
import type { ClusterState } from '../model/cluster-state.ts'
import type { ConfigRow } from './config-table.ts'
import { isTopicConfig, topicConfigs } from './topic-configs.ts'
import type { ConfigOverrides } from './topic-settings.ts'

/** What a broker's settings are, where they follow from how the cluster was started. */
export function givenBrokerConfig(cluster: ClusterState, node: BrokerNode): ConfigOverrides {
  const { settings } = cluster
  const address = `PLAINTEXT://${formatAddress(node.address)}`
  const given = new Map([
    ['advertised.listeners', address],
    ['auto.create.topics.enable', String(settings.autoCreateTopics)],
    ['broker.id', String(node.id)],
    ['default.replication.factor', String(settings.defaultReplicationFactor)],
    ['listeners', address],
    ['log.dirs', cluster.logDir],
    ['node.id', String(node.id)],
    ['num.partitions', String(settings.defaultPartitions)],
    ['process.roles', 'broker,controller'],
    ['socket.request.max.bytes', String(settings.maxRequestBytes)],
  ])
  for (const [name, value] of settings.brokerConfig) given.set(name, value)
  for (const [name, value] of settings.groupConfig) given.set(name, value)
  for (const [name, value] of settings.topicConfig) {
    const row: ConfigRow | undefined = isTopicConfig(name) ? topicConfigs[name] : undefined
    if (row?.brokerName) given.set(row.brokerName, value)
  }
  return given
}
