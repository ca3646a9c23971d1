import type { Api } from '../schema/api.ts'
import { ApiVersions } from './api-versions.ts'
import { CreateTopics } from './create-topics.ts'
import { DeleteTopics } from './delete-topics.ts'
import { DescribeCluster } from './describe-cluster.ts'
import { DescribeConfigs } from './describe-configs.ts'
import { Fetch } from './fetch.ts'
import { FindCoordinator } from './find-coordinator.ts'
import { InitProducerId } from './init-producer-id.ts'
import { ListOffsets } from './list-offsets.ts'
import { Metadata } from './metadata.ts'
import { Produce } from './produce.ts'

export * from './api-versions.ts'
export * from './create-topics.ts'
export * from './delete-topics.ts'
export * from './describe-cluster.ts'
export * from './describe-configs.ts'
export * from './fetch.ts'
export * from './find-coordinator.ts'
export * from './init-producer-id.ts'
export * from './list-offsets.ts'
export * from './metadata.ts'
export * from './produce.ts'

/** Every API that we speak, by name. */
export const apiByName = {
  Produce,
  Fetch,
  ListOffsets,
  Metadata,
  FindCoordinator,
  ApiVersions,
  CreateTopics,
  DeleteTopics,
  InitProducerId,
  DescribeConfigs,
  DescribeCluster,
} satisfies Readonly<Record<string, Api>>

/** The names of the APIs that we speak. */
export type ApiName = keyof typeof apiByName

export const apis: readonly Api[] = Object.values(apiByName)

export const apiByKey: ReadonlyMap<number, Api> = new Map(apis.map(api => [api.key, api]))
