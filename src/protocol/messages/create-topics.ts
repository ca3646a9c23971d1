import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bool,
  errorCode,
  int8,
  int16,
  int32,
  string,
  throttle,
  uuid,
} from '../schema/field.ts'

/** Creates topics. */
export const CreateTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [2, 7],
  flexible: 5,
  route: 'controller',
  request: {
    topics: array({
      name: string,
      /** -1: the broker's default, or as `assignments` say. */
      numPartitions: int32,
      /** -1: the broker's default, or as `assignments` say. */
      replicationFactor: int16,
      assignments: array({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: array({
        name: string,
        value: string.nullable(),
      }),
    }),
    timeoutMs: int32.else(60000),
    /** Only says what would happen. */
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: throttle,
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode,
      errorMessage: string.nullable(),
      /** Why `configs` is missing, such as for want of a right to see it. */
      topicConfigErrorCode: int16.tagged(0, 5).ignorable(),
      numPartitions: int32.since(5).else(-1).ignorable(),
      replicationFactor: int16.since(5).else(-1).ignorable(),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        configSource: int8.else(-1),
        isSensitive: bool,
      })
        .nullable()
        .since(5)
        .ignorable(),
    }),
  },
})

export interface CreateTopicsRequest extends RequestOf<typeof CreateTopics> {}
export interface CreateTopicsResponse extends ResponseOf<typeof CreateTopics> {}
