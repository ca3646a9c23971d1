import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, int8, int32, string, throttle } from '../schema/field.ts'

/** Lists which SCRAM credentials users have; never the credentials themselves. */
export const DescribeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  request: {
    users: array({
      name: string,
    }).nullable(),
  },
  response: {
    throttleTimeMs: throttle,
    errorCode,
    errorMessage: string.nullable(),
    results: array({
      user: string,
      errorCode,
      errorMessage: string.nullable(),
      credentialInfos: array({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
})

export interface DescribeUserScramCredentialsRequest
  extends RequestOf<typeof DescribeUserScramCredentials> {}
export interface DescribeUserScramCredentialsResponse
  extends ResponseOf<typeof DescribeUserScramCredentials> {}
