/**
 * SaslAuthenticate, versions 0 to 2.
 *
 * - After SaslHandshake the connection's authentication answers it. 1: tells how long the session
 *   lasts (KIP-368).
 * - What arrives here came without a handshake: ILLEGAL_SASL_STATE.
 */
import { SaslAuthenticate } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const saslAuthenticate = on(SaslAuthenticate, [0, 2], async () => ({
  errorCode: code('ILLEGAL_SASL_STATE'),
  errorMessage: 'SaslAuthenticate request received after successful authentication',
  authBytes: Buffer.alloc(0),
}))
