/**
 * FindCoordinator, versions 0 to 6.
 *
 * - Each group and each transactional id has a coordinator among the living brokers, by the hash
 *   of its name, so that all brokers agree on it.
 * - 1: key types, 0 for groups and 1 for transactional ids. Share groups (2, from version 6 on)
 *   are not served: INVALID_REQUEST. 4: several keys at once, each with its own error.
 */
import type { ErrorName } from '../../protocol/errors.ts'
import { FindCoordinator } from '../../protocol/messages/index.ts'
import { type Context, on } from '../handler.ts'
import { addressAt } from '../model/broker-node.ts'
import type { CoordinatorKind } from '../model/coordinators.ts'
import { code } from './answers.ts'

const KINDS: readonly CoordinatorKind[] = ['group', 'transaction']

export const findCoordinator = on(FindCoordinator, [0, 6], async (request, context) => {
  const { key, keyType, coordinatorKeys } = request
  if (context.version >= 4) {
    return { coordinators: coordinatorKeys.map(each => find(each, keyType, context)) }
  }
  const { nodeId, host, port, errorCode, errorMessage } = find(key, keyType, context)
  return { errorCode, errorMessage, nodeId, host, port }
})

function find(key: string, keyType: number, { cluster, listener }: Context) {
  const kind = KINDS[keyType]
  if (!kind) return failed(key, 'INVALID_REQUEST', `key type ${keyType} is not served`)
  const node = cluster.coordinatorOf(kind, key)
  if (!node) return failed(key, 'COORDINATOR_NOT_AVAILABLE', 'no broker is alive')
  const { host, port } = addressAt(node, listener)
  return { key, nodeId: node.id, host, port, errorCode: 0, errorMessage: null }
}

function failed(key: string, error: ErrorName, errorMessage: string) {
  return { key, nodeId: -1, host: '', port: -1, errorCode: code(error), errorMessage }
}
