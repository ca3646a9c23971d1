import type { Handler } from '../handler.ts'
import { produce } from './00-produce.ts'
import { fetch } from './01-fetch.ts'
import { listOffsets } from './02-list-offsets.ts'
import { metadata } from './03-metadata.ts'
import { findCoordinator } from './10-find-coordinator.ts'
import { apiVersions } from './18-api-versions.ts'
import { createTopics } from './19-create-topics.ts'
import { deleteTopics } from './20-delete-topics.ts'
import { initProducerId } from './22-init-producer-id.ts'
import { describeConfigs } from './32-describe-configs.ts'
import { describeCluster } from './60-describe-cluster.ts'

/** Every API that the embedded broker serves, by key. */
export const handlers: readonly Handler[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  findCoordinator,
  apiVersions(() => handlers),
  createTopics,
  deleteTopics,
  initProducerId,
  describeConfigs,
  describeCluster,
]

export const handlerByKey: ReadonlyMap<number, Handler> = new Map(
  handlers.map(handler => [handler.api.key, handler]),
)
