import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { type AwsCredentials, mskIam, mskIamToken } from '../../../src/msk-iam/index.ts'
import { mskToken } from '../../../src/msk-iam/sign.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-msk-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.UTC(2026, 10, 21, 12, 34, 56)
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'

const queryOf = (token: string) =>
  new URL(Buffer.from(token, 'base64url').toString('latin1')).searchParams

// What Amazon's own aws-msk-iam-sasl-signer-js 1.0.3 signs at that moment with those keys.
test.each<readonly [string, AwsCredentials, string]>([
  [
    'eu-central-1',
    { accessKeyId: 'AKIDEXAMPLE', secretAccessKey },
    'f727b39289f15290e76a66b4852fb9cad6d8740d39a271298c4ec49ef27cfe93',
  ],
  [
    'us-east-1',
    {
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey,
      sessionToken: 'IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJH+abc==',
    },
    'd63b03045f96ec76313cc1cca510105a3d04c78a69b5d05a21bedb7f6ab8127a',
  ],
])('signs as the signer of Amazon does, in %s', (region, credentials, signature) => {
  const userAgent = 'aws-msk-iam-sasl-signer-js/1.0.3'
  const token = mskToken({ region, credentials, epochMs: NOW, lifetimeSeconds: 900, userAgent })
  const query = queryOf(token)
  expect(token).toMatch(/^[\w-]+$/)
  expect(query.get('X-Amz-Signature')).toBe(signature)
  expect(query.get('X-Amz-Date')).toBe('20261121T123456Z')
  expect(query.get('X-Amz-Security-Token')).toBe(credentials.sessionToken ?? null)
  expect(query.get('User-Agent')).toBe(userAgent)
})

type Answers = Readonly<Record<string, string | number>>

/** A token made where the environment is `env`, and addresses give `answers`, or refuse. */
async function tokenIn(env: Readonly<Record<string, string>>, answers: Answers = {}) {
  const asked: { url: string; init: RequestInit | undefined }[] = []
  const fetch = async (url: string, init?: RequestInit) => {
    asked.push({ url, init })
    const answer = answers[url]
    if (answer === undefined) throw new Error('refused')
    return typeof answer === 'number'
      ? new Response('', { status: answer })
      : new Response(answer, { status: 200 })
  }
  const world = { clock: new FakeClock(NOW), env: { ...nowhere, ...env }, fetch }
  const token = await mskIamToken({}, new AbortController().signal, world)
  return { token, asked, id: queryOf(token.value).get('X-Amz-Credential')?.split('/')[0] }
}

const nowhere = { AWS_REGION: 'eu-north-1', AWS_SHARED_CREDENTIALS_FILE: join(folder, 'nothing') }
const keys = (id: string, more: object) => JSON.stringify({ AccessKeyId: id, ...more })

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('credentials are found', () => {
  test('in the environment', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' }
    const { id, token } = await tokenIn(env)
    expect(id).toBe('ENV')
    expect(token.expiresAt).toBe(NOW + 900_000)
  })

  test('by a web identity, under a name that stays', async () => {
    const url = 'https://sts.eu-north-1.amazonaws.com/'
    const end = { SecretAccessKey: 's', SessionToken: 't', Expiration: NOW / 1000 + 600 }
    const result = { Credentials: JSON.parse(keys('STS', end)) }
    const answer = {
      AssumeRoleWithWebIdentityResponse: { AssumeRoleWithWebIdentityResult: result },
    }
    const env = {
      AWS_WEB_IDENTITY_TOKEN_FILE: file('token', 'jwt\n'),
      AWS_ROLE_ARN: 'arn:aws:iam::1:role/r',
    }
    const { id, token, asked } = await tokenIn(env, { [url]: JSON.stringify(answer) })
    expect(id).toBe('STS')
    expect(token.expiresAt).toBe(NOW + 600_000)
    expect(String(asked[0]?.init?.body)).toContain('RoleSessionName=posthaste&WebIdentityToken=jwt')
  })

  test('in the shared file, under a profile', async () => {
    const path = file(
      'credentials',
      '[default]\naws_access_key_id=DEF\naws_secret_access_key=s\n# x\n[work]\n aws_access_key_id = WORK\naws_secret_access_key = a=b\n',
    )
    const env = { AWS_SHARED_CREDENTIALS_FILE: path }
    expect((await tokenIn(env)).id).toBe('DEF')
    expect((await tokenIn({ ...env, AWS_PROFILE: 'work' })).id).toBe('WORK')
  })

  test('in the container', async () => {
    const env = {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x',
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'let me in',
    }
    const end = { SecretAccessKey: 's', Token: 't', Expiration: '2026-11-21T12:44:56Z' }
    const { id, token, asked } = await tokenIn(env, {
      'http://169.254.170.2/v2/x': keys('ECS', end),
    })
    expect(id).toBe('ECS')
    expect(token.expiresAt).toBe(NOW + 600_000)
    expect(asked[0]?.init?.headers).toEqual({ authorization: 'let me in' })
  })

  test('on the instance', async () => {
    const host = 'http://169.254.169.254/latest'
    const list = `${host}/meta-data/iam/security-credentials/`
    const end = { SecretAccessKey: 's', Token: 't', Expiration: '2026-11-22T00:00:00Z' }
    const { id, asked } = await tokenIn(
      {},
      { [`${host}/api/token`]: 'imds', [list]: 'role\n', [`${list}role`]: keys('EC2', end) },
    )
    expect(id).toBe('EC2')
    expect(asked[2]?.init?.headers).toEqual({ 'x-aws-ec2-metadata-token': 'imds' })
  })
})

describe('it is said', () => {
  test.each<readonly [string, Readonly<Record<string, string>>, Answers, string]>([
    ['that there are none', {}, {}, 'no AWS credentials in the environment'],
    ['that the region is missing', { AWS_REGION: '' }, {}, 'the AWS region is missing'],
    [
      'that a container refuses',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/k?secret=1' },
      { 'http://127.0.0.1/k?secret=1': 403 },
      'http://127.0.0.1 gave no AWS credentials: HTTP 403',
    ],
    [
      'that an answer is nonsense',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/' },
      { 'http://127.0.0.1/': 'nonsense' },
      'its answer is not JSON',
    ],
    [
      'that credentials have ended',
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/' },
      {
        'http://127.0.0.1/': keys('X', {
          SecretAccessKey: 's',
          Expiration: '2026-11-21T12:35:00Z',
        }),
      },
      'have ended, or are about to',
    ],
  ])('%s', async (_, env, answers, words) => {
    await expect(tokenIn(env, answers)).rejects.toThrow(words)
  })
})

test('it is a mechanism that shows such a token', async () => {
  const credentials = async () => ({
    accessKeyId: 'SDK',
    secretAccessKey,
    expiration: new Date(Date.now() + 3_600_000),
  })
  const said: string[] = []
  const mechanism = mskIam({ region: 'eu-north-1', credentials })
  await mechanism.authenticate({
    host: 'b-1',
    port: 9098,
    signal: new AbortController().signal,
    send: async message => {
      said.push(Buffer.from(message).toString('latin1'))
      return Buffer.alloc(0)
    },
  })
  expect(mechanism.name).toBe('OAUTHBEARER')
  const token = /auth=Bearer ([\w-]+)/.exec(said[0]!)?.[1]
  expect(queryOf(token!).get('X-Amz-Credential')).toMatch(/^SDK\//)
})
