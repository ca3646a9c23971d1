import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, errorCode, string } from '../schema/field.ts'

/**
 * Agrees on the SASL mechanism of a connection. Version 1 wraps what follows in SaslAuthenticate.
 */
export const SaslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexible: undefined,
  route: 'chosen',
  request: {
    mechanism: string,
  },
  response: {
    errorCode,
    mechanisms: array(string),
  },
})

export interface SaslHandshakeRequest extends RequestOf<typeof SaslHandshake> {}
export interface SaslHandshakeResponse extends ResponseOf<typeof SaslHandshake> {}
