import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { scramHashes } from '../../../net/sasl/scram.ts'
import {
  OTHER_AUTHORIZATION,
  refused,
  type SaslStep,
  type ServerExchange,
  type ServerMechanism,
} from './mechanism.ts'
import type { ScramCredential, ScramMechanismName } from './scram-credential.ts'
import { type ClientFirst, readClientFinal, readClientFirst } from './scram-messages.ts'
import type { ScramUsers } from './scram-users.ts'

type State =
  | { readonly is: 'new' }
  | {
      readonly is: 'challenged'
      readonly first: ClientFirst
      readonly serverFirst: string
      readonly nonce: string
      readonly credential: ScramCredential
    }
  | { readonly is: 'over' }

/** The server's side of SCRAM (RFC 5802, RFC 7677): who is known is looked up at each exchange. */
export function scramServer(name: ScramMechanismName, users: ScramUsers): ServerMechanism {
  return { name, begin: () => new ScramExchange(name, users) }
}

class ScramExchange implements ServerExchange {
  readonly #mechanism: ScramMechanismName
  readonly #users: ScramUsers
  #state: State = { is: 'new' }

  constructor(mechanism: ScramMechanismName, users: ScramUsers) {
    this.#mechanism = mechanism
    this.#users = users
  }

  async respond(message: Buffer): Promise<SaslStep> {
    const state = this.#state
    this.#state = { is: 'over' }
    switch (state.is) {
      case 'new':
        return this.#challenge(message)
      case 'challenged':
        return this.#judge(message, state)
      case 'over':
        return refused()
    }
  }

  #challenge(message: Buffer): SaslStep {
    const first = readClientFirst(message)
    if (!first) return refused()
    const { user, authorization } = first
    if (authorization !== '' && authorization !== user) return refused(OTHER_AUTHORIZATION)
    // Delegation tokens (KIP-48) are not served, so that nobody can have one.
    const credential = first.isToken ? undefined : this.#users.get(user, this.#mechanism)
    if (!credential) return refused()
    const nonce = `${first.nonce}${randomBytes(24).toString('base64')}`
    const { salt, iterations } = credential
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`
    this.#state = { is: 'challenged', first, serverFirst, nonce, credential }
    return { is: 'more', challenge: Buffer.from(serverFirst) }
  }

  #judge(message: Buffer, state: State & { is: 'challenged' }): SaslStep {
    const { first, serverFirst, nonce, credential } = state
    const final = readClientFinal(message)
    if (!final || final.nonce !== nonce || final.binding !== first.gs2Header) return refused()
    const { name, bytes } = scramHashes[this.#mechanism]
    if (final.proof.length !== bytes) return refused()
    const exchanged = `${first.bare},${serverFirst},${final.withoutProof}`
    const hmac = (key: Buffer) => createHmac(name, key).update(exchanged).digest()
    const signature = hmac(credential.storedKey)
    const clientKey = Buffer.from(final.proof.map((byte, i) => byte ^ signature[i]!))
    const storedKey = createHash(name).update(clientKey).digest()
    if (!timingSafeEqual(storedKey, credential.storedKey)) return refused()
    const challenge = Buffer.from(`v=${hmac(credential.serverKey).toString('base64')}`)
    return { is: 'done', challenge, user: first.user }
  }
}
