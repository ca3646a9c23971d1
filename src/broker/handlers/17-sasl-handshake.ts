/**
 * SaslHandshake, versions 0 and 1.
 *
 * - On a listener with SASL the connection's authentication answers it: it names the mechanism, or
 *   renews a session (KIP-368). 0: the messages that follow are bare.
 * - What arrives here came to a listener without SASL, or within a second of the last renewal:
 *   ILLEGAL_SASL_STATE.
 */
import { SaslHandshake } from '../../protocol/messages/index.ts'
import { on } from '../handler.ts'
import { code } from './answers.ts'

export const saslHandshake = on(SaslHandshake, [0, 1], async () => ({
  errorCode: code('ILLEGAL_SASL_STATE'),
  mechanisms: [],
}))
