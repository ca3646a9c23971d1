import { createHash, createHmac } from 'node:crypto'

/** Keys of AWS: long-lived ones, or such as end and come with a session token. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  /** Milliseconds since 1970 when they end; never, where it is missing. */
  readonly expiresAt?: number | undefined
}

export interface SigningFacts {
  readonly region: string
  readonly credentials: AwsCredentials
  readonly epochMs: number
  readonly lifetimeSeconds: number
  /** Who asks, for the logs of AWS; not signed. */
  readonly userAgent: string
}

const SERVICE = 'kafka-cluster'
const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * The token of MSK's IAM: an address for `kafka-cluster:Connect`, signed in its query (Signature
 * Version 4), in URL-safe base64 without padding.
 */
export function mskToken(facts: SigningFacts): string {
  const { region, credentials, userAgent } = facts
  const time = new Date(facts.epochMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`
  const host = `kafka.${region}.amazonaws.com`
  const query = canonicalQuery({
    Action: `${SERVICE}:Connect`,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(facts.lifetimeSeconds),
    ...(credentials.sessionToken && { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  })
  const request = ['GET', '/', query, `host:${host}`, '', 'host', sha256('')].join('\n')
  const text = [ALGORITHM, time, scope, sha256(request)].join('\n')
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), text).toString('hex')
  const extra = `&X-Amz-Signature=${signature}&User-Agent=${encoded(userAgent)}`
  return Buffer.from(`https://${host}/?${query}${extra}`).toString('base64url')
}

function signingKey(secret: string, scope: string): Buffer {
  const start = Buffer.from(`AWS4${secret}`)
  return scope.split('/').reduce((key: Buffer, part) => hmac(key, part), start)
}

function canonicalQuery(fields: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${encoded(value)}`)
  return pairs.sort().join('&')
}

/** RFC 3986's idea of what need not be encoded, which is narrower than JavaScript's. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
