import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, string, struct, throttle, uuid } from '../schema/field.ts'

/**
 * Joins, keeps alive, reconciles and leaves a group of the new protocol (KIP-848). Fields at their
 * defaults have not changed since the last heartbeat.
 */
export const ConsumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexible: 0,
  route: 'groupCoordinator',
  request: {
    groupId: string,
    memberId: string,
    /** 0 joins, -1 leaves, -2 leaves for a while as a static member. */
    memberEpoch: int32,
    instanceId: string.nullable().else(null),
    rackId: string.nullable().else(null),
    rebalanceTimeoutMs: int32.else(-1),
    subscribedTopicNames: array(string).nullable().else(null),
    /** In the syntax of RE2/J. */
    subscribedTopicRegex: string.nullable().since(1).else(null),
    serverAssignor: string.nullable().else(null),
    /** What the member owns now. */
    topicPartitions: array({
      topicId: uuid,
      partitions: array(int32),
    })
      .nullable()
      .else(null),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable().else(null),
    memberId: string.nullable().else(null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    /** Null where it has not changed. */
    assignment: struct({
      topicPartitions: array({
        topicId: uuid,
        partitions: array(int32),
      }),
    })
      .nullable()
      .else(null),
  },
})

export interface ConsumerGroupHeartbeatRequest extends RequestOf<typeof ConsumerGroupHeartbeat> {}
export interface ConsumerGroupHeartbeatResponse extends ResponseOf<typeof ConsumerGroupHeartbeat> {}
