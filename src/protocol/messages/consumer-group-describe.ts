import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import {
  array,
  bool,
  errorCode,
  int8,
  int32,
  string,
  struct,
  throttle,
  uuid,
} from '../schema/field.ts'

/** Tells of the state and members of groups of the new protocol. */
export const ConsumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexible: 0,
  route: 'groupCoordinator',
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  },
  response: {
    throttleTimeMs: throttle,
    groups: array({
      errorCode,
      errorMessage: string.nullable().else(null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: array({
        memberId: string,
        instanceId: string.nullable().else(null),
        rackId: string.nullable().else(null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.nullable().else(null),
        assignment: struct({
          topicPartitions: array({
            topicId: uuid,
            topicName: string,
            partitions: array(int32),
          }),
        }),
        targetAssignment: struct({
          topicPartitions: array({
            topicId: uuid,
            topicName: string,
            partitions: array(int32),
          }),
        }),
        memberType: int8.since(1).else(-1).ignorable(),
      }),
      authorizedOperations: int32.else(-2147483648),
    }),
  },
})

export interface ConsumerGroupDescribeRequest extends RequestOf<typeof ConsumerGroupDescribe> {}
export interface ConsumerGroupDescribeResponse extends ResponseOf<typeof ConsumerGroupDescribe> {}
