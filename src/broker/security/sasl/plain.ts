import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  NO_CHALLENGE,
  OTHER_AUTHORIZATION,
  refused,
  type SaslStep,
  type ServerMechanism,
} from './mechanism.ts'

/**
 * Name and password as they are (RFC 4616). Of the passwords only digests are kept, under a key of
 * this process: so that they stand in no dump of it, and a comparison takes the same time always.
 */
export function plainServer(users: Readonly<Record<string, string>>): ServerMechanism {
  const key = randomBytes(32)
  const digest = (password: string) => createHmac('sha256', key).update(password).digest()
  const known = new Map(Object.entries(users).map(([name, word]) => [name, digest(word)]))
  const nobody = randomBytes(32)
  return {
    name: 'PLAIN',
    begin: () => ({ respond: async message => judge(message) }),
  }

  function judge(message: Buffer): SaslStep {
    const parts = message.toString('utf8').split('\0')
    const [authorization = '', user = '', password = ''] = parts
    // Without a text of its own: Kafka, too, keeps what it finds wrong in the message to itself.
    if (parts.length !== 3) return refused()
    if (user === '') return refused('Authentication failed: username not specified')
    if (password === '') return refused('Authentication failed: password not specified')
    const isRight = timingSafeEqual(known.get(user) ?? nobody, digest(password))
    if (!isRight) return refused('Authentication failed: Invalid username or password')
    if (authorization !== '' && authorization !== user) return refused(OTHER_AUTHORIZATION)
    return { is: 'done', challenge: NO_CHALLENGE, user }
  }
}
