import type { Command } from 'commander'
import {
  type Admin,
  type ClusterDescription,
  type FeatureDescription,
  KafkaError,
  type QuorumDescription,
  type QuorumReplica,
} from '../../index.ts'
import { printTable, type Work, withAdmin } from '../admin-command.ts'
import { exitCodes } from '../exit.ts'
import type { Output } from '../output.ts'
import type { CommonFlags } from '../settings.ts'

const examples = `
Examples:
  posthaste cluster describe
  posthaste cluster describe --json`

export function declare(command: Command): void {
  command.addHelpText('after', examples)
  command
    .command('describe')
    .description('the brokers, the controller, the features and the metadata quorum')
    .action(withAdmin(describe))
}

async function describe({ admin, flags, out }: Work<CommonFlags>): Promise<number> {
  const [cluster, features, quorum] = await Promise.all([
    admin.cluster.describe(),
    admin.cluster.features(),
    quorumOf(admin),
  ])
  if (flags.json) out.json({ ...cluster, features, quorum: quorum ?? null })
  else {
    out.line(`cluster ${cluster.clusterId}`)
    // With KRaft a broker names any other as the controller: the quorum's leader is the real one.
    printBrokers(out, cluster, quorum?.leaderId ?? cluster.controllerId)
    printFeatures(out, features)
    if (quorum) printQuorum(out, quorum)
    else out.line('\nno metadata quorum that could be asked')
  }
  return exitCodes.done
}

/** A cluster with ZooKeeper has none, nor has an embedded one; and not everybody may ask. */
async function quorumOf(admin: Admin): Promise<QuorumDescription | undefined> {
  try {
    return await admin.cluster.quorum()
  } catch (error) {
    const codes = ['UNSUPPORTED_VERSION', 'CLUSTER_AUTHORIZATION_FAILED']
    if (error instanceof KafkaError && codes.includes(error.code)) return undefined
    throw error
  }
}

function printBrokers(out: Output, { brokers }: ClusterDescription, controller: number): void {
  const columns = [
    { heading: '  broker', numbers: true },
    { heading: 'address' },
    { heading: 'rack' },
    { heading: '' },
  ]
  const rows = brokers.map(({ id, host, port, rack }) => [
    id,
    `${host}:${port}`,
    rack ?? '-',
    id === controller ? 'controller' : '',
  ])
  printTable(out, columns, rows)
}

function printFeatures(out: Output, features: readonly FeatureDescription[]): void {
  if (features.length === 0) return
  const columns = [
    { heading: '  feature' },
    { heading: 'level', numbers: true },
    { heading: 'supported' },
  ]
  const rows = features.map(({ name, level, supported }) => [
    `  ${name}`,
    level ?? '-',
    supported ? `${supported.min} to ${supported.max}` : '-',
  ])
  out.line('')
  printTable(out, columns, rows)
}

function printQuorum(out: Output, quorum: QuorumDescription): void {
  const { leaderId, leaderEpoch, highWatermark, voters, observers } = quorum
  out.line('')
  out.line(`metadata quorum: leader ${leaderId}, epoch ${leaderEpoch}, offset ${highWatermark}`)
  const columns = [
    { heading: '  node', numbers: true },
    { heading: 'role' },
    { heading: 'end', numbers: true },
    { heading: 'behind', numbers: true },
  ]
  const row = (role: string) => (replica: QuorumReplica) => [
    replica.id,
    replica.id === leaderId ? 'leader' : role,
    replica.logEndOffset,
    Math.max(0, highWatermark - replica.logEndOffset),
  ]
  printTable(out, columns, [...voters.map(row('voter')), ...observers.map(row('observer'))])
}
