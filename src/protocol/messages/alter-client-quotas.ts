import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, float64, string, throttle } from '../schema/field.ts'

/** Sets or removes quotas of users, client ids and addresses. */
export const AlterClientQuotas = api({
  key: 49,
  name: 'AlterClientQuotas',
  versions: [0, 1],
  flexible: 1,
  route: 'controller',
  request: {
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      ops: array({
        key: string,
        value: float64,
        remove: bool,
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: throttle,
    entries: array({
      errorCode,
      errorMessage: string.nullable(),
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
    }),
  },
})

export interface AlterClientQuotasRequest extends RequestOf<typeof AlterClientQuotas> {}
export interface AlterClientQuotasResponse extends ResponseOf<typeof AlterClientQuotas> {}
