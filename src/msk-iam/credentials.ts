import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { AwsCredentials } from './sign.ts'

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly region: string
  readonly signal: AbortSignal
  readonly clock: Clock
  /** As `fetch` of the platform; tests give their own. */
  fetch(url: string, init?: RequestInit): Promise<Response>
}

const CONTAINER_HOST = 'http://169.254.170.2'
const INSTANCE_HOST = 'http://169.254.169.254'
const LARGEST_ANSWER = 256 * 1024
const INSTANCE_WAIT_MS = 1_000

/**
 * The credentials that AWS's own tools would find: environment, web identity (EKS), shared file,
 * container (ECS, EKS Pod Identity), instance (EC2). Undefined places are passed over; one that is
 * there and fails is an error, since another identity would be the wrong one.
 */
export async function findCredentials(around: Surroundings): Promise<AwsCredentials> {
  for (const look of [fromEnvironment, fromWebIdentity, fromFile, fromContainer, fromInstance]) {
    const found = await look(around)
    if (found) return found
  }
  throw new Error(
    'no AWS credentials in the environment, a web identity, ~/.aws/credentials, the container or the instance',
  )
}

async function fromEnvironment({ env }: Surroundings): Promise<AwsCredentials | undefined> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN || undefined }
}

/** The session's name never changes: a broker refuses a principal that does (KIP-368). */
async function fromWebIdentity(around: Surroundings): Promise<AwsCredentials | undefined> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = around.env
  if (!file || !role) return undefined
  const query = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: around.env.AWS_ROLE_SESSION_NAME || 'posthaste',
    WebIdentityToken: (await readFile(file, 'utf8')).trim(),
  })
  const url = `https://sts.${around.region}.amazonaws.com/`
  const init = { method: 'POST', headers: { accept: 'application/json' }, body: query }
  const answer = await json(around, url, init)
  const outer = fields(answer.AssumeRoleWithWebIdentityResponse)
  const result = fields(outer.AssumeRoleWithWebIdentityResult)
  return fromAnswer(fields(result.Credentials), 'SecretAccessKey', 'SessionToken')
}

async function fromFile({ env }: Surroundings): Promise<AwsCredentials | undefined> {
  const path = env.AWS_SHARED_CREDENTIALS_FILE || join(homedir(), '.aws', 'credentials')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const profile = sectionOf(text, env.AWS_PROFILE || 'default')
  const accessKeyId = profile.get('aws_access_key_id')
  const secretAccessKey = profile.get('aws_secret_access_key')
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: profile.get('aws_session_token') }
}

async function fromContainer(around: Surroundings): Promise<AwsCredentials | undefined> {
  const { env } = around
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path } = env
  const url = path ? `${CONTAINER_HOST}${path}` : env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  if (!url) return undefined
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = file ? await readFile(file, 'utf8') : env.AWS_CONTAINER_AUTHORIZATION_TOKEN
  const headers = token ? { authorization: token.trim() } : {}
  return fromAnswer(await json(around, url, { headers }), 'SecretAccessKey', 'Token')
}

/** IMDSv2. Away from EC2 nobody answers there, so that is not waited for long. */
async function fromInstance(around: Surroundings): Promise<AwsCredentials | undefined> {
  if (around.env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return undefined
  const brief = new AbortController()
  const timer = around.clock.after(INSTANCE_WAIT_MS, () => brief.abort())
  const signal = AbortSignal.any([around.signal, brief.signal])
  const put = { method: 'PUT', headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' } }
  const greeting = await around
    .fetch(`${INSTANCE_HOST}/latest/api/token`, { ...put, signal })
    .catch(() => undefined)
    .finally(() => timer.cancel())
  if (!greeting?.ok) return undefined
  const headers = { 'x-aws-ec2-metadata-token': await limited(greeting) }
  const list = `${INSTANCE_HOST}/latest/meta-data/iam/security-credentials/`
  const roles = await around.fetch(list, { headers, signal: around.signal })
  if (!roles.ok) return undefined
  const [role = ''] = (await limited(roles)).split('\n')
  const answer = await json(around, `${list}${encodeURIComponent(role.trim())}`, { headers })
  return fromAnswer(answer, 'SecretAccessKey', 'Token')
}

type Fields = Readonly<Record<string, unknown>>

async function json({ fetch, signal }: Surroundings, url: string, init: RequestInit) {
  const answer = await fetch(url, { ...init, signal, redirect: 'error' })
  const text = await limited(answer)
  const { origin } = new URL(url)
  if (!answer.ok) throw new Error(`${origin} gave no AWS credentials: HTTP ${answer.status}`)
  try {
    return fields(JSON.parse(text))
  } catch {
    throw new Error(`${origin} gave no AWS credentials: its answer is not JSON`)
  }
}

async function limited(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    const bytes: Uint8Array = chunk
    size += bytes.length
    if (size > LARGEST_ANSWER) throw new Error(`an answer of AWS is over ${LARGEST_ANSWER} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function fromAnswer(answer: Fields, secretName: string, tokenName: string): AwsCredentials {
  const { AccessKeyId: accessKeyId, Expiration: end } = answer
  const { [secretName]: secretAccessKey, [tokenName]: sessionToken } = answer
  if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') {
    throw new Error('the answer of AWS has no credentials in it')
  }
  // Seconds in the answers of STS, a date in those of ECS and EC2.
  const expiresAt = typeof end === 'number' ? end * 1000 : Date.parse(String(end))
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: typeof sessionToken === 'string' ? sessionToken : undefined,
    expiresAt: Number.isNaN(expiresAt) ? undefined : expiresAt,
  }
}

/** The `name = value` lines under `[section]`. */
function sectionOf(text: string, section: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let here = false
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]*)\]/.exec(line)
    if (header) here = header[1]!.trim() === section
    const pair = /^([^#;[=]+)=(.*)$/.exec(line)
    if (here && pair) found.set(pair[1]!.trim(), pair[2]!.trim())
  }
  return found
}
