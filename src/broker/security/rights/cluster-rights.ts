import * as api from '../../../protocol/messages/index.ts'
import type { Api } from '../../../protocol/schema/api.ts'
import type { Shape } from '../../../protocol/schema/field.ts'
import type { OperationName } from '../acl/acl.ts'
import { cluster } from './need.ts'
import { type Guard, rights } from './rights.ts'
import * as shown from './shown.ts'

function all<Q extends Shape, S extends Shape>(of: Api<Q, S>, operation: OperationName): Guard {
  return rights(of, { whole: () => [cluster(operation)] })
}

/** The APIs that are about the cluster as a whole. */
export const clusterRights: readonly Guard[] = [
  all(api.DescribeAcls, 'DESCRIBE'),
  all(api.CreateAcls, 'ALTER'),
  all(api.DeleteAcls, 'ALTER'),
  all(api.DescribeLogDirs, 'DESCRIBE'),
  all(api.AlterReplicaLogDirs, 'ALTER'),
  all(api.ElectLeaders, 'ALTER'),
  all(api.AlterPartitionReassignments, 'ALTER'),
  all(api.ListPartitionReassignments, 'DESCRIBE'),
  all(api.DescribeClientQuotas, 'DESCRIBE_CONFIGS'),
  all(api.AlterClientQuotas, 'ALTER_CONFIGS'),
  all(api.DescribeUserScramCredentials, 'DESCRIBE'),
  all(api.AlterUserScramCredentials, 'ALTER'),
  all(api.DescribeQuorum, 'DESCRIBE'),
  all(api.UpdateFeatures, 'ALTER'),
  all(api.ListConfigResources, 'DESCRIBE_CONFIGS'),
  rights(api.DescribeCluster, { tells: shown.clusterOperations }),
]
