import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, string, throttle } from '../schema/field.ts'

/** Moves replicas between the log directories of one broker. */
export const AlterReplicaLogDirs = api({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: [1, 2],
  flexible: 2,
  route: 'chosen',
  request: {
    dirs: array({
      path: string,
      topics: array({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      topicName: string,
      partitions: array({
        partitionIndex: int32,
        errorCode,
      }),
    }),
  },
})

export interface AlterReplicaLogDirsRequest extends RequestOf<typeof AlterReplicaLogDirs> {}
export interface AlterReplicaLogDirsResponse extends ResponseOf<typeof AlterReplicaLogDirs> {}
