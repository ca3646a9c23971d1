import { ConnectionError } from '../../errors.ts'
import type { VersionRange } from '../../net/negotiate.ts'
import { type Finding, fine, problem, wordsApart } from './finding.ts'

/** What became of an attempt to be accepted by whoever listens at an address. */
export type Knock =
  | {
      readonly is: 'answered'
      readonly address: string
      /** How long it took to connect, be accepted and get a first answer. */
      readonly ms: number
      readonly apis: ReadonlyMap<number, VersionRange>
    }
  | { readonly is: 'failed'; readonly address: string; readonly error: Error }

/** A broker as the cluster tells of it, and what came of a try at its advertised address. */
export interface AdvertisedKnock {
  readonly nodeId: number
  readonly knock: Knock
}

/** Where a finding needs more than the error's own hint. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'is the broker running, and is this its port? On the machine itself: ss -ltn shows who listens; posthaste broker starts one for trials',
  ENOTFOUND:
    'correct the name, or make it known: DNS, /etc/hosts, the VPN or the network of containers that it belongs to',
  EAI_AGAIN: 'the DNS server of this machine does not answer: is the network up?',
  ETIMEDOUT: 'a firewall or security group swallows it, or the host is down',
  CONNECT_TIMED_OUT:
    'a firewall or proxy in the way swallows it, or what listens there is no Kafka broker, or it is overloaded (socket.connection.setup.timeout.ms)',
  EHOSTUNREACH: 'is the VPN up, and is there a route to that network?',
  ENETUNREACH: 'is the VPN up, and is there a route to that network?',
  ECONNRESET:
    'something between here and the broker ends connections: a proxy, a load balancer, a firewall',
}
const OTHERWISE = 'see the log of the broker at this moment for its side of it'

/** How a connection's hint begins that met a TLS record. */
const TLS_FOUND = 'it speaks TLS'

const proxies = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY']

type Environment = Readonly<Record<string, string | undefined>>

/** The addresses to begin with: one that answers is enough to start, but each ought to. */
export function checkAddresses(knocks: readonly Knock[], env: Environment): Finding[] {
  const isReached = knocks.some(({ is }) => is === 'answered')
  return knocks.map(knock => {
    if (knock.is === 'answered') return answered(knock.address, knock.ms)
    const { what, advice } = refused(knock.address, knock.error, env)
    const found = problem(knock.address, what, advice)
    // Whoever starts while the others are down finds only this one.
    return isReached ? { ...found, is: 'warning' } : found
  })
}

/** The addresses by which the brokers know themselves, which is where a client goes in the end. */
export function checkAdvertised(brokers: readonly AdvertisedKnock[], env: Environment): Finding[] {
  return brokers.map(({ nodeId, knock }) => {
    const check = `broker ${nodeId}`
    if (knock.is === 'answered') {
      return fine(check, `answers at ${knock.address}, in ${Math.ceil(knock.ms)} ms`)
    }
    const { what, advice } = refused(knock.address, knock.error, env)
    if (!(knock.error instanceof ConnectionError)) return problem(check, what, advice)
    return problem(
      check,
      `the cluster says that it is at ${knock.address}, which does not work from here: ${what}`,
      `if it is down, start it. If not, its advertised.listeners must name an address that this machine can reach (each listener has one of its own: a container or a tunnel needs another than the inside); in a program broker.address.mapper turns it into one. Else: ${advice}`,
    )
  })
}

/** Whether nobody at all could be talked to, as opposed to being refused by somebody. */
export function isNobodyThere(knocks: readonly Knock[]): boolean {
  return knocks.every(knock => knock.is === 'failed' && knock.error instanceof ConnectionError)
}

function answered(address: string, ms: number): Finding {
  return fine(address, `a broker answers, in ${Math.ceil(ms)} ms`)
}

function refused(
  address: string,
  error: Error,
  env: Environment,
): { what: string; advice: string } {
  const cause = rootOf(error)
  const code = 'code' in cause ? String(cause.code) : ''
  const { what, hint } = wordsApart(cause)
  const words = withoutAddress(what, address)
  if (/speaks HTTP/.test(`${what} ${hint}`)) {
    return {
      what: 'it answers in HTTP, which no broker does',
      advice: `it is a proxy in the way, or the port of a web page, a registry or a REST proxy: use the port of the broker${proxyWords(env)}`,
    }
  }
  if (hint?.startsWith(TLS_FOUND)) {
    return { what: 'it speaks TLS, and security.protocol here does not', advice: hint }
  }
  return { what: words, advice: hint ?? advice[code] ?? OTHERWISE }
}

/** The address stands before the finding already, with or without the usual port. */
function withoutAddress(words: string, address: string): string {
  const plain = words.replace(/^broker /, '')
  const prefix = [address, `${address}:9092`].find(each => /^:? /.test(afterOf(plain, each)))
  return prefix === undefined ? words : afterOf(plain, prefix).replace(/^:? /, '')
}

/** What comes behind a text that begins so; nothing where it does not. */
function afterOf(text: string, start: string): string {
  return text.startsWith(start) ? text.slice(start.length) : ''
}

/** Some set these and hope; Kafka's protocol can't go through them. */
function proxyWords(env: Environment): string {
  const name = proxies.find(each => env[each] || env[each.toLowerCase()])
  if (name === undefined) return ''
  return `. ${name} is set here; Kafka does not speak HTTP and takes no such proxy`
}

/** One address that fails is wrapped as "no broker could be reached". */
function rootOf(error: Error): Error {
  const wrapped = error instanceof ConnectionError && error.code === 'NO_BROKER'
  return wrapped && error.cause instanceof Error ? error.cause : error
}
