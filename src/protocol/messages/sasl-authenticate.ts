import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { bytes, errorCode, int64, string } from '../schema/field.ts'

/** Carries one message of a SASL exchange. */
export const SaslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexible: 2,
  route: 'chosen',
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode,
    errorMessage: string.nullable(),
    authBytes: bytes,
    /** When to authenticate again, or 0 (KIP-368). */
    sessionLifetimeMs: int64.since(1).ignorable(),
  },
})

export interface SaslAuthenticateRequest extends RequestOf<typeof SaslAuthenticate> {}
export interface SaslAuthenticateResponse extends ResponseOf<typeof SaslAuthenticate> {}
