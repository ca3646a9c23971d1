import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bytes, errorCode, int8, int32, string, throttle } from '../schema/field.ts'

/** Sets or deletes the SCRAM credentials of users. */
export const AlterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  route: 'controller',
  request: {
    deletions: array({
      name: string,
      mechanism: int8,
    }),
    upsertions: array({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      user: string,
      errorCode,
      errorMessage: string.nullable(),
    }),
  },
})

export interface AlterUserScramCredentialsRequest
  extends RequestOf<typeof AlterUserScramCredentials> {}
export interface AlterUserScramCredentialsResponse
  extends ResponseOf<typeof AlterUserScramCredentials> {}
