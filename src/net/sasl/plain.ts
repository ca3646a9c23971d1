import {
  type CredentialsSource,
  currentCredentials,
  SaslFailure,
  type SaslMechanism,
} from './mechanism.ts'

/** Name and password as they are (RFC 4616): only for connections that TLS protects. */
export function plain(source: CredentialsSource): SaslMechanism {
  return {
    name: 'PLAIN',
    hint: 'are sasl.username and sasl.password right?',
    mayChange: typeof source === 'function',
    async authenticate({ send }) {
      const { username, password } = await currentCredentials(source)
      if (`${username}${password}`.includes('\0')) {
        throw new SaslFailure('BAD_CREDENTIALS', 'a name or password must not contain NUL')
      }
      await send(Buffer.from(`\0${username}\0${password}`))
    },
  }
}
