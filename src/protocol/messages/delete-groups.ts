import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, string, throttle } from '../schema/field.ts'

/** Deletes groups that have no members. */
export const DeleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexible: 2,
  route: 'groupCoordinator',
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      groupId: string,
      errorCode,
    }),
  },
})

export interface DeleteGroupsRequest extends RequestOf<typeof DeleteGroups> {}
export interface DeleteGroupsResponse extends ResponseOf<typeof DeleteGroups> {}
