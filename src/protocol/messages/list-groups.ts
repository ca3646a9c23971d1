import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, string, throttle } from '../schema/field.ts'

/** Lists the groups that one broker coordinates. */
export const ListGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexible: 3,
  route: 'chosen',
  request: {
    statesFilter: array(string).since(4),
    typesFilter: array(string).since(5),
  },
  response: {
    throttleTimeMs: throttle.since(1).ignorable(),
    errorCode,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: string.since(4).ignorable(),
      groupType: string.since(5).ignorable(),
    }),
  },
})

export interface ListGroupsRequest extends RequestOf<typeof ListGroups> {}
export interface ListGroupsResponse extends ResponseOf<typeof ListGroups> {}
