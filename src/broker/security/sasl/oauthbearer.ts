import type { Clock } from '../../../base/clock.ts'
import { checkToken, type TokenRules } from './jwt.ts'
import {
  NO_CHALLENGE,
  refused,
  type SaslStep,
  type ServerExchange,
  type ServerMechanism,
} from './mechanism.ts'

/** What the client is told of a token that is not taken (RFC 7628), and hears again at the end. */
const INVALID_TOKEN = '{"status":"invalid_token"}'
const END_OF_FAILURE = Buffer.from([1])
const SEPARATOR = '\x01'
const LONGEST_MESSAGE = 128 * 1024
const HEADER = /^n,(?:a=(?<authorization>[^,]+))?,$/
const BEARER = /^bearer +(?<token>[-_~+/.A-Za-z0-9]+=*)$/i

/** Takes tokens that are JWTs (RFC 7628, KIP-255), signed by who is known. */
export function oauthBearerServer(rules: TokenRules, clock: Clock): ServerMechanism {
  return {
    name: 'OAUTHBEARER',
    begin(): ServerExchange {
      let hasFailed = false
      return {
        async respond(message) {
          if (hasFailed) return refused(message.equals(END_OF_FAILURE) ? INVALID_TOKEN : undefined)
          const step = await judge(message, rules, clock.epoch())
          hasFailed = step.is === 'more'
          return step
        },
      }
    },
  }
}

async function judge(message: Buffer, rules: TokenRules, nowMs: number): Promise<SaslStep> {
  const first = readFirst(message)
  if (!first) return refused()
  const { token, authorization } = first
  const checked = await checkToken(token, rules, nowMs)
  if (!checked) return { is: 'more', challenge: Buffer.from(INVALID_TOKEN) }
  if (authorization !== undefined && authorization !== checked.user) {
    const wanted = `an authorization id (${authorization})`
    const name = `the token's principal name (${checked.user})`
    return refused(
      `Authentication failed: Client requested ${wanted} that is different from ${name}`,
    )
  }
  return { is: 'done', challenge: NO_CHALLENGE, ...checked }
}

/** Reads `n,a=…,^Aauth=Bearer TOKEN^Aextension=…^A^A`. */
function readFirst(message: Buffer) {
  if (message.length > LONGEST_MESSAGE) return undefined
  const [header = '', ...pairs] = message.toString('utf8').split(SEPARATOR)
  const opened = HEADER.exec(header)
  // Two separators end it, so that the last two pairs are blank.
  if (!opened || pairs.pop() !== '' || pairs.pop() !== '') return undefined
  const auth = pairs.find(pair => pair.startsWith('auth='))?.slice('auth='.length) ?? ''
  const token = BEARER.exec(auth)?.groups?.token
  return token === undefined ? undefined : { token, authorization: opened.groups?.authorization }
}
