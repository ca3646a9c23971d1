/**
 * IAM for Amazon MSK, without the AWS SDK.
 *
 * @example
 * import { Producer } from 'posthaste'
 * import { mskIam } from 'posthaste/msk-iam'
 * const producer = new Producer({
 *   'bootstrap.servers': 'b-1.example.kafka.eu-central-1.amazonaws.com:9098',
 *   'security.protocol': 'sasl_ssl',
 *   'sasl.mechanism': mskIam({ region: 'eu-central-1' }),
 * })
 */
import { systemClock } from '../base/clock.ts'
import { systemRandom } from '../base/random.ts'
import type { SaslMechanism } from '../net/sasl/mechanism.ts'
import { oauthBearer } from '../net/sasl/oauthbearer.ts'
import { type Token, TokenCache } from '../net/sasl/token-cache.ts'
import { version } from '../version.ts'
import { findCredentials, type Surroundings } from './credentials.ts'
import { type AwsCredentials, mskToken } from './sign.ts'

export type { SaslMechanism } from '../net/sasl/mechanism.ts'
export type { Token } from '../net/sasl/token-cache.ts'
export type { AwsCredentials } from './sign.ts'

/** For which region, and with whose credentials, tokens are signed. */
export interface MskIamOptions {
  /** The region of the cluster; by default `AWS_REGION` or `AWS_DEFAULT_REGION`. */
  readonly region?: string
  /**
   * Fixed credentials, or a function that gives them, such as one of the AWS SDK's providers. By
   * default: environment, web identity (EKS), shared file, container (ECS), instance (EC2).
   */
  readonly credentials?:
    | AwsCredentials
    | (() => Promise<AwsCredentials | SdkCredentials> | AwsCredentials | SdkCredentials)
}

/** Credentials as the AWS SDK gives them. */
export interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  readonly expiration?: Date
}

const TOKEN_SECONDS = 900
/** A token that ends with its credentials would be refused as a session that is too short. */
const LEAST_SECONDS = 60

/**
 * A SASL mechanism (OAUTHBEARER) that signs its tokens with credentials of AWS. A token is good for
 * 15 minutes, or until the credentials end, and is made anew before that.
 */
export function mskIam(options: MskIamOptions = {}): SaslMechanism {
  const cache = new TokenCache(systemClock, systemRandom, signal => mskIamToken(options, signal))
  return {
    ...oauthBearer(cache),
    hint: 'does the IAM policy allow kafka-cluster:Connect, and is the region that of the cluster?',
  }
}

/** One token, for programs that bring their own mechanism or another client. */
export async function mskIamToken(
  options: MskIamOptions = {},
  signal: AbortSignal = new AbortController().signal,
  world: Pick<Surroundings, 'clock' | 'env' | 'fetch'> = {
    clock: systemClock,
    env: process.env,
    fetch: (url, init) => fetch(url, init),
  },
): Promise<Token> {
  const { env, clock } = world
  const region = options.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION
  if (!region) throw new Error('the AWS region is missing: give it to mskIam(), or set AWS_REGION')
  const { credentials: given } = options
  const found =
    typeof given === 'function'
      ? await given()
      : (given ?? (await findCredentials({ ...world, region, signal })))
  const credentials = withEnd(found)
  const epochMs = clock.epoch()
  const left = ((credentials.expiresAt ?? Number.POSITIVE_INFINITY) - epochMs) / 1000
  if (left < LEAST_SECONDS) throw new Error('the AWS credentials have ended, or are about to')
  const lifetimeSeconds = Math.floor(Math.min(TOKEN_SECONDS, left))
  const userAgent = `posthaste/${version}`
  const value = mskToken({ region, credentials, epochMs, lifetimeSeconds, userAgent })
  return { value, expiresAt: epochMs + lifetimeSeconds * 1000 }
}

function withEnd(found: AwsCredentials | SdkCredentials): AwsCredentials {
  return 'expiration' in found && found.expiration
    ? { ...found, expiresAt: found.expiration.getTime() }
    : found
}
