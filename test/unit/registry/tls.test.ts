import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RegistryError } from '../../../src/errors.ts'
import { SchemaRegistryClient } from '../../../src/registry/index.ts'
import { runOrThrow } from '../../support/run.ts'
import { lacks } from '../../support/tools.ts'
import { ScriptedRegistry } from './scripted-registry.ts'

describe.skipIf(lacks('openssl'))('TLS', () => {
  let folder: string
  let server: ScriptedRegistry
  const file = (name: string) => join(folder, name)

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'posthaste-tls-'))
    await certificate('ca', ['-addext', 'basicConstraints=critical,CA:TRUE'])
    const signed = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')]
    await certificate('server', [...signed, '-addext', 'subjectAltName=IP:127.0.0.1'])
    await certificate('client', signed)
    const [ca, cert, key] = await Promise.all(
      ['ca.pem', 'server.pem', 'server.key'].map(name => readFile(file(name))),
    )
    const tls = { ca: ca!, cert: cert!, key: key!, requestCert: true, rejectUnauthorized: true }
    server = await ScriptedRegistry.start(() => ({ json: ['a'] }), tls)
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  function certificate(name: string, more: readonly string[]) {
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)]
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    return runOrThrow('openssl', ['req', ...kind, '-subj', `/CN=${name}`, ...files, ...more])
  }

  const settings = (more: object) =>
    new SchemaRegistryClient({ 'schema.registry.url': server.url, retries: 0, ...more })

  it('with a certificate of our own is let in', async () => {
    const client = settings({
      'ssl.ca.location': file('ca.pem'),
      'ssl.certificate.location': file('client.pem'),
      'ssl.key.location': file('client.key'),
    })
    expect(await client.subjects()).toEqual(['a'])
    client.close()
  })

  it('without one is not', async () => {
    const error = await settings({ tls: { ca: await readFile(file('ca.pem')) } })
      .subjects()
      .catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RegistryError)
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' })
  })

  it('a server that nobody we know vouches for is refused, with the reason', async () => {
    const error = await settings({})
      .subjects()
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' })
    expect(String(error)).toMatch(/SELF_SIGNED_CERT|UNABLE_TO_VERIFY/)
  })
})
