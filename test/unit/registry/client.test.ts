import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../src/base/clock.ts'
import { FakeClock } from '../../../src/base/fake-clock.ts'
import { ConfigError, RegistryError } from '../../../src/errors.ts'
import { reasonsIn, reasonsOf } from '../../../src/registry/client/reasons.ts'
import { type RegistryConfig, SchemaRegistryClient } from '../../../src/registry/index.ts'
import { freePorts } from '../../support/ports.ts'
import { waitFor } from '../../support/wait.ts'
import { type Asked, type Reply, ScriptedRegistry } from './scripted-registry.ts'

const quick = { retries: 3, 'retry.backoff.ms': 0 }
const schema = { schema: '"string"' }

function clientOf(url: string | string[], more: RegistryConfig = {}, clock?: FakeClock) {
  const parts = clock ? { clock } : {}
  return new SchemaRegistryClient({ 'schema.registry.url': url, ...quick, ...more }, parts)
}

/** Answers of each path in turn; the last one goes on. */
function script(replies: Readonly<Record<string, Reply[]>>) {
  return ({ method, path }: Asked): Reply => {
    const left = replies[`${method} ${path}`]
    if (!left) return { status: 404, json: { error_code: 40401, message: `no ${path}` } }
    return left.length > 1 ? left.shift()! : left[0]!
  }
}

async function failure(call: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await call.then(
    () => new Error('it should have failed'),
    reason => reason,
  )
  if (error instanceof RegistryError) return error
  throw error
}

const version = (number: number) => ({
  json: { subject: 'a', version: number, id: number, ...schema },
})

describe('what is remembered', () => {
  it('is asked once, however many ask at the same time', async () => {
    await using server = await ScriptedRegistry.start(
      script({
        'GET /schemas/ids/7': [{ json: schema }],
        'GET /subjects/a/versions/latest': [version(1)],
        'POST /subjects/a/versions': [{ json: { id: 7, version: 1 } }],
        'POST /subjects/a': [version(1)],
      }),
    )
    const client = clientOf(server.url)
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        [1, 2, 3].flatMap(() => [
          client.schemaById(7),
          client.latest('a'),
          client.register('a', schema),
          client.lookup('a', schema),
        ]),
      )
    }
    const after = server.lines.filter(line => !line.includes('latest'))
    expect(after.sort()).toEqual([
      'GET /schemas/ids/7',
      'POST /subjects/a',
      'POST /subjects/a/versions',
    ])
  })

  it('a failure is not remembered', async () => {
    await using server = await ScriptedRegistry.start(
      script({
        'GET /schemas/ids/7': [
          { status: 404, json: { error_code: 40403, message: 'Schema 7 not found' } },
          { json: schema },
        ],
      }),
    )
    const client = clientOf(server.url)
    const error = await failure(client.schemaById(7))
    expect(error.code).toBe('SCHEMA_NOT_FOUND')
    expect(error.message).toBe(
      `GET ${server.url}/schemas/ids/7 (schema id 7): SCHEMA_NOT_FOUND (40403) Schema 7 not found`,
    )
    expect((await client.schemaById(7)).schema).toBe(schema.schema)
  })

  it('the latest version grows old, and a registration makes it old at once', async () => {
    await using server = await ScriptedRegistry.start(
      script({
        'GET /subjects/a/versions/latest': [version(1), version(2), version(3)],
        'POST /subjects/a/versions': [{ json: { id: 3, version: 3 } }],
      }),
    )
    const clock = new FakeClock()
    const client = clientOf(server.url, { 'latest.cache.ttl.ms': 1000 }, clock)
    const latest = async () => (await client.latest('a')).version
    expect([await latest(), await latest()]).toEqual([1, 1])
    await clock.advance(999)
    expect(await latest()).toBe(1)
    await clock.advance(1)
    expect(await latest()).toBe(2)
    await client.register('a', schema)
    expect(await latest()).toBe(3)
  })

  it('is bounded', async () => {
    await using server = await ScriptedRegistry.start(() => ({ json: schema }))
    const client = clientOf(server.url, { 'schema.cache.size': 2 })
    for (const id of [1, 2, 1, 3, 1, 2]) await client.schemaById(id)
    // 2 made way for 3, since 1 had been used after it.
    expect(server.lines.map(line => line.slice(-1)).join('')).toBe('1232')
  })
})

describe('faults that may pass', () => {
  it('are tried again, at the next URL first', async () => {
    await using bad = await ScriptedRegistry.start(() => ({ status: 503, text: 'later' }))
    await using good = await ScriptedRegistry.start(() => ({ json: ['a'] }))
    const [closed] = await freePorts(1)
    const client = clientOf([`http://127.0.0.1:${closed}`, bad.url, good.url])
    expect(await client.subjects()).toEqual(['a'])
    expect(await client.subjects()).toEqual(['a'])
    // The URL that answered is asked first from then on.
    expect([bad.asked.length, good.asked.length]).toEqual([1, 2])
  })

  it('end with the last of them', async () => {
    await using server = await ScriptedRegistry.start(() => ({
      status: 500,
      json: { error_code: 50001, message: 'the store is away' },
    }))
    const error = await failure(clientOf(server.url).subjects())
    expect(error).toMatchObject({ code: 'REGISTRY_STORE_ERROR', retriable: true })
    expect(error.message).toContain('the store is away')
    expect(server.asked).toHaveLength(4)
  })

  it('wait longer each time, within the limit', async () => {
    await using server = await ScriptedRegistry.start(() => ({ status: 429, json: {} }))
    const clock = new FakeClock()
    const waits: number[] = []
    const watching: Clock = {
      now: () => clock.now(),
      epoch: () => clock.epoch(),
      soon: task => clock.soon(task),
      after(ms, task) {
        if (ms < 10_000) waits.push(ms)
        return clock.after(ms, task)
      },
    }
    const parts = { clock: watching, random: () => 0.5 }
    const config = { 'retry.backoff.ms': 100, 'retry.backoff.max.ms': 300, retries: 4 }
    const client = new SchemaRegistryClient({ 'schema.registry.url': server.url, ...config }, parts)
    const error = failure(client.subjects())
    for (let tries = 1; tries <= 4; tries++) {
      await waitFor(`wait ${tries}`, () => waits.length === tries)
      await clock.advance(1000)
    }
    expect((await error).code).toBe('TOO_MANY_REQUESTS')
    expect(waits).toEqual([100, 200, 300, 300])
  })

  it('a refusal is none of them', async () => {
    await using server = await ScriptedRegistry.start(() => ({
      status: 422,
      json: { error_code: 42201, message: 'Invalid schema' },
    }))
    expect(await failure(clientOf(server.url).register('a', schema))).toMatchObject({
      code: 'INVALID_SCHEMA',
      retriable: false,
      where: { subject: 'a', status: 422, errorCode: 42201 },
    })
    expect(server.asked).toHaveLength(1)
  })
})

describe('a registry that is none', () => {
  it('is down: the error names the URL and what the system said', async () => {
    const [port] = await freePorts(1)
    const error = await failure(clientOf(`http://127.0.0.1:${port}`).latest('orders-value'))
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retriable: true })
    expect(error.message).toContain(
      `http://127.0.0.1:${port}/subjects/orders-value/versions/latest`,
    )
    expect(error.message).toContain('ECONNREFUSED')
    expect(error.message).toContain('subject orders-value')
  })

  it('is slow: the error comes at the limit', async () => {
    await using server = await ScriptedRegistry.start(() => undefined)
    const clock = new FakeClock()
    const client = clientOf(server.url, { 'request.timeout.ms': 700, retries: 0 }, clock)
    const error = failure(client.schemaById(3))
    await waitFor('the request', () => server.asked.length === 1)
    await clock.advance(700)
    expect(await error).toMatchObject({ code: 'REGISTRY_TIMEOUT', retriable: true })
    expect((await error).message).toContain('no answer within 700 ms')
  })

  it.each([
    ['HTML', '<html><head><title>Sign in</title></head></html>', /an HTML page titled "Sign in"/],
    ['nothing', '', /is not what a registry says: nothing/],
    ['other JSON', '{"a":1}', /expected a list of texts, got \{"a":1\}/],
    ['a list of other things', '[1]', /expected a list of texts, got \[1\]/],
  ])('answers %s', async (_, text, reason) => {
    await using server = await ScriptedRegistry.start(() => ({ text }))
    const error = await failure(clientOf(server.url).subjects())
    expect(error.code).toBe('REGISTRY_BAD_ANSWER')
    expect(error.message).toMatch(reason)
    expect(error.message).toContain('does schema.registry.url name the registry itself')
  })

  it('answers with no schema, or one of an unknown kind', async () => {
    const answers = [{ id: 1 }, { schema: 7 }, { schema: 'x', schemaType: 'XML' }, []]
    for (const json of answers) {
      await using server = await ScriptedRegistry.start(() => ({ json }))
      expect((await failure(clientOf(server.url).schemaById(1))).code).toBe('REGISTRY_BAD_ANSWER')
    }
  })
})

describe('who we are', () => {
  const seen = async (config: RegistryConfig, url?: (plain: string) => string) => {
    await using server = await ScriptedRegistry.start(() => ({ json: [] }))
    await clientOf(url ? url(server.url) : server.url, config).subjects()
    return server.asked[0]!.headers
  }
  it('is told by name and password, in settings or in the URL', async () => {
    const expected = `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`
    const given = await seen({ 'basic.auth.user.info': 'me:p@ss:word' })
    expect(given.authorization).toBe(expected)
    const inUrl = await seen({}, url => url.replace('//', '//me:p%40ss%3Aword@'))
    expect(inUrl.authorization).toBe(expected)
  })
  it('is told by a token, with the names of Confluent Cloud', async () => {
    const headers = await seen({
      'bearer.auth.token': 't',
      'bearer.auth.logical.cluster': 'lsrc-1',
      'bearer.auth.identity.pool.id': 'pool-1',
    })
    expect(headers).toMatchObject({
      authorization: 'Bearer t',
      'target-sr-cluster': 'lsrc-1',
      'confluent-identity-pool-id': 'pool-1',
    })
  })
  it('a token is fetched again when it is refused', async () => {
    let tokens = 0
    await using server = await ScriptedRegistry.start(({ headers }) =>
      headers.authorization === 'Bearer 2'
        ? { json: ['a'] }
        : { status: 401, json: { error_code: 401, message: 'too old' } },
    )
    const client = clientOf(server.url, { 'bearer.auth.token': async () => String(++tokens) })
    expect(await client.subjects()).toEqual(['a'])
    expect(await client.subjects()).toEqual(['a'])
    expect(tokens).toBe(2)
  })
  it('a refusal that stays is told, without the password', async () => {
    await using server = await ScriptedRegistry.start(() => ({
      status: 401,
      json: { error_code: 40101, message: 'Unauthorized' },
    }))
    const error = await failure(clientOf(server.url.replace('//', '//me:secret@')).subjects())
    expect(error.code).toBe('UNAUTHORIZED')
    expect(error.message).not.toContain('secret')
  })
  it('OAuth exchanges its secret for a token, and again before that runs out', async () => {
    let tokens = 0
    await using issuer = await ScriptedRegistry.start(() => ({
      json: { access_token: `t${++tokens}`, expires_in: 100, token_type: 'Bearer' },
    }))
    await using server = await ScriptedRegistry.start(() => ({ json: [] }))
    const clock = new FakeClock()
    const config = {
      'bearer.auth.issuer.endpoint.url': `${issuer.url}/token`,
      'bearer.auth.client.id': 'me',
      'bearer.auth.client.secret': 's:1',
      'bearer.auth.scope': 'schemas',
    }
    const client = clientOf(server.url, config, clock)
    await Promise.all([client.subjects(), client.contexts()])
    await clock.advance(79_000)
    await client.subjects()
    await clock.advance(1_000)
    await client.subjects()
    expect(server.asked.map(each => each.headers.authorization)).toEqual([
      'Bearer t1',
      'Bearer t1',
      'Bearer t1',
      'Bearer t2',
    ])
    expect(issuer.asked[0]).toMatchObject({
      method: 'POST',
      path: '/token',
      body: 'grant_type=client_credentials&scope=schemas',
      headers: { authorization: `Basic ${Buffer.from('me:s%3A1').toString('base64')}` },
    })
  })
})

describe('paths', () => {
  it('keep the URL of the registry, and name subjects of any letters', async () => {
    await using server = await ScriptedRegistry.start(() => ({ json: [1] }))
    const client = clientOf(`${server.url}/apis/ccompat/v7/`)
    await client.versions('a/b ü')
    expect(server.lines).toEqual(['GET /apis/ccompat/v7/subjects/a%2Fb%20%C3%BC/versions'])
  })
  it('belong to a context where one is set', async () => {
    await using server = await ScriptedRegistry.start(({ path }) =>
      path.startsWith('/schemas') ? { json: schema } : { json: [1] },
    )
    const client = clientOf(server.url, { context: 'staging' })
    await client.versions('a')
    await client.versions(':.other:a')
    await client.schemaById(1)
    await client.deleteSubject('a', { permanent: true })
    expect(server.lines.map(decodeURIComponent)).toEqual([
      'GET /subjects/:.staging:a/versions',
      'GET /subjects/:.other:a/versions',
      'GET /schemas/ids/1?subject=:.staging:',
      'DELETE /subjects/:.staging:a?permanent=true',
    ])
  })
})

describe('settings', () => {
  it.each<[RegistryConfig, RegExp]>([
    [{}, /schema\.registry\.url is missing/],
    [{ 'schema.registry.url': 'localhost:8081' }, /must be http:\/\/host:port/],
    [{ schemaRegistryUrl: 'http://a', 'basic.auth.user.info': 'me' }, /user:password/],
    [
      { schemaRegistryUrl: 'http://a', 'basic.auth.user.info': 'me:x', 'bearer.auth.token': 't' },
      /one of basic, bearer or OAuth/,
    ],
    [{ schemaRegistryUrl: 'http://a', 'bearer.auth.client.id': 'me' }, /OAuth needs/],
    [{ schemaRegistryUrl: 'http://a', 'ssl.ca.location': '/nowhere.pem' }, /can't read \/nowhere/],
  ])('%j is refused', (config, reason) => {
    expect(() => new SchemaRegistryClient(config)).toThrow(ConfigError)
    expect(() => new SchemaRegistryClient(config)).toThrow(reason)
  })
})

describe('the reasons of a refusal', () => {
  it('are told one by one, from what registries write', () => {
    const confluent =
      "Schema being registered is incompatible with an earlier schema for subject \"a\", details: [{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'x' at path '/fields/1'', additionalInfo:'x'}, {oldSchemaVersion: 1}, {compatibility: 'BACKWARD'}]"
    expect(reasonsIn(confluent)).toEqual([
      "READER_FIELD_MISSING_DEFAULT_VALUE: The field 'x' at path '/fields/1'",
    ])
    const group =
      '{errorType:"X", description:"the field \'a\' is gone", additionalInfo:"/fields/1"}'
    expect(reasonsOf([group, '{oldSchemaVersion: 2}'])).toEqual([
      "X: the field 'a' is gone (/fields/1)",
    ])
    const apicurio =
      'io.apicurio.RuleViolationException: Incompatible artifact: a [AVRO], num of incompatible diffs: {1}, list of diff types: [reader type: STRING not compatible with writer type: INT at /fields/0/type]'
    expect(reasonsIn(apicurio)).toEqual([
      'reader type: STRING not compatible with writer type: INT at /fields/0/type',
    ])
    expect(reasonsIn('it is not')).toEqual(['it is not'])
    expect(reasonsIn('')).toEqual([])
  })
})
