import type { Lane } from '../../cluster/brokers.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import { BrokerError } from '../../errors.ts'
import type { Api, RequestInput, ResponseOf } from '../../protocol/index.ts'

export interface AskOptions {
  readonly timeoutMs: number
  /** The group's own connection, unless a join may hold that up. */
  readonly lane?: Lane
}

/** One request to a group's coordinator, once; what it answers, errors too, is for the caller. */
export async function askCoordinator<A extends Api>(
  cluster: Cluster,
  groupId: string,
  api: A,
  request: RequestInput<A>,
  { timeoutMs, lane = 'group' }: AskOptions,
): Promise<ResponseOf<A>> {
  const nodeId = await cluster.coordinators.find('group', groupId)
  if (!cluster.view.brokers.has(nodeId)) await cluster.refresh()
  const connection = await cluster.brokers.connect(nodeId, lane)
  return connection.send(api, request, { timeoutMs })
}

export function failure(api: Api, errorCode: number, words?: string | null): BrokerError {
  return new BrokerError(errorCode, { api: api.name }, words)
}
