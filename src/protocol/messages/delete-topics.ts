import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int32, string, throttle, uuid } from '../schema/field.ts'

/** Deletes topics by name or, from version 6 on, by id. */
export const DeleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexible: 4,
  route: 'controller',
  request: {
    /** By name (then the id is zero) or by id (then the name is null). */
    topics: array({
      name: string.nullable().else(null),
      topicId: uuid,
    }).since(6),
    /** By name alone, up to version 5. */
    topicNames: array(string).until(5).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: throttle,
    responses: array({
      name: string.nullable(6),
      topicId: uuid.since(6).ignorable(),
      errorCode,
      errorMessage: string.nullable().since(5).else(null).ignorable(),
    }),
  },
})

export interface DeleteTopicsRequest extends RequestOf<typeof DeleteTopics> {}
export interface DeleteTopicsResponse extends ResponseOf<typeof DeleteTopics> {}
