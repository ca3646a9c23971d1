import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, float64, int8, string, throttle } from '../schema/field.ts'

/** Lists the quotas of users, client ids and addresses. */
export const DescribeClientQuotas = api({
  key: 48,
  name: 'DescribeClientQuotas',
  versions: [0, 1],
  flexible: 1,
  request: {
    components: array({
      entityType: string,
      matchType: int8,
      match: string.nullable(),
    }),
    strict: bool,
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
    entries: array({
      entity: array({
        entityType: string,
        entityName: string.nullable(),
      }),
      values: array({
        key: string,
        value: float64,
      }),
    }).nullable(),
  },
})

export interface DescribeClientQuotasRequest extends RequestOf<typeof DescribeClientQuotas> {}
export interface DescribeClientQuotasResponse extends ResponseOf<typeof DescribeClientQuotas> {}
