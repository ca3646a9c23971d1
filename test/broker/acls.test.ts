import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import type { Acl as Rule } from '../../src/broker/security/acl/acl.ts'
import { AclStore } from '../../src/broker/security/acl/acl-store.ts'
import { Access, Authorizer } from '../../src/broker/security/acl/authorizer.ts'
import { userNamed } from '../../src/broker/security/principal.ts'
import { Admin, orThrow, silentLogger } from '../../src/index.ts'
import { distinguishedName } from '../../src/net/tls-subject.ts'
import { OPERATION, PATTERN, PERMISSION, RESOURCE } from '../../src/protocol/acl.ts'
import { Authority } from '../contract/security-certificates.ts'

function rule(given: Partial<Rule>): Rule {
  return {
    resourceType: RESOURCE.TOPIC,
    resourceName: 'orders',
    patternType: PATTERN.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: OPERATION.READ,
    permissionType: PERMISSION.ALLOW,
    ...given,
  }
}

const [deny, prefixed] = [
  { permissionType: PERMISSION.DENY },
  { patternType: PATTERN.PREFIXED },
] as const
const everybody = { principal: 'User:*' }

describe('the authorizer', () => {
  const may = (rules: Rule[], options = {}, host = '10.0.0.1', user = 'alice') => {
    const authorizer = new Authorizer(new AclStore(rules), options)
    return new Access(authorizer, { principal: userNamed(user), host })
  }

  test.each<[string, Rule[], boolean]>([
    ['nothing', [], false],
    ['a rule for it', [rule({})], true],
    ['a rule for another', [rule({ resourceName: 'other' })], false],
    ['a rule for another user', [rule({ principal: 'User:bob' })], false],
    ['a rule for everybody', [rule(everybody)], true],
    ['a rule for all topics', [rule({ resourceName: '*' })], true],
    ['a rule for what begins so', [rule({ resourceName: 'ord', ...prefixed })], true],
    ['a rule for what begins otherwise', [rule({ resourceName: 'rd', ...prefixed })], false],
    ['a rule for all operations', [rule({ operation: OPERATION.ALL })], true],
    ['a rule for another operation', [rule({ operation: OPERATION.WRITE })], false],
    ['a rule for its host', [rule({ host: '10.0.0.1' })], true],
    ['a rule for another host', [rule({ host: '10.0.0.2' })], false],
    ['a rule of another kind', [rule({ resourceType: RESOURCE.GROUP })], false],
    ['a denial beside it', [rule({}), rule(deny)], false],
    ['a denial of all', [rule({}), rule({ ...deny, operation: OPERATION.ALL })], false],
    [
      'a denial of what begins so',
      [rule({}), rule({ ...deny, ...prefixed, resourceName: 'o' })],
      false,
    ],
    ['a denial to everybody', [rule({}), rule({ ...deny, ...everybody })], false],
    ['a denial to another host', [rule({}), rule({ ...deny, host: '10.0.0.2' })], true],
  ])('reading with %s', (_, rules, isAllowed) => {
    expect(may(rules).may('READ', 'TOPIC', 'orders')).toBe(isAllowed)
  })

  test('operations include others, but a denial does not', () => {
    for (const operation of ['READ', 'WRITE', 'DELETE', 'ALTER'] as const) {
      const access = may([rule({ operation: OPERATION[operation] })])
      expect(access.may('DESCRIBE', 'TOPIC', 'orders')).toBe(true)
    }
    const settings = may([rule({ operation: OPERATION.ALTER_CONFIGS })])
    expect(settings.may('DESCRIBE_CONFIGS', 'TOPIC', 'orders')).toBe(true)
    expect(settings.may('DESCRIBE', 'TOPIC', 'orders')).toBe(false)
    const denied = may([rule({ operation: OPERATION.ALL }), rule(deny)])
    expect(denied.may('DESCRIBE', 'TOPIC', 'orders')).toBe(true)
    expect(denied.operations('TOPIC', 'orders')).toBe(
      0b1101_1111_0000 & ~(1 << OPERATION.CLUSTER_ACTION),
    )
  })

  test('super users may do all; others, where nothing is said, what the default says', () => {
    const denial = rule({ ...deny, operation: OPERATION.ALL, resourceName: '*' })
    expect(may([denial], { superUsers: ['User:alice'] }).may('READ', 'TOPIC', 'x')).toBe(true)
    const open = { allowEveryoneIfNoAclFound: true }
    expect(may([], open).may('READ', 'TOPIC', 'orders')).toBe(true)
    const others = [rule({ principal: 'User:bob' })]
    expect(may(others, open).may('READ', 'TOPIC', 'orders')).toBe(false)
    expect(may(others, open).may('READ', 'TOPIC', 'others')).toBe(true)
  })

  test('whether there is any topic that they may write to', () => {
    const write = { operation: OPERATION.WRITE }
    const any = (...rules: Rule[]) => may(rules).mayWithAny('WRITE', 'TOPIC')
    expect(any()).toBe(false)
    expect(any(rule({}))).toBe(false)
    expect(any(rule(write))).toBe(true)
    expect(any(rule(write), rule({ ...write, ...deny }))).toBe(false)
    expect(any(rule(write), rule({ ...write, ...deny, resourceName: 'or', ...prefixed }))).toBe(
      false,
    )
    expect(any(rule({ ...write, resourceName: '*' }), rule({ ...write, ...deny }))).toBe(true)
    expect(any(rule(write), rule({ ...write, ...deny, resourceName: '*' }))).toBe(false)
  })
})

test('ACLs are kept, and name who shows a certificate', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'posthaste-acls-'))
  const authority = new Authority('those who sign')
  const broker = authority.issue({ name: 'broker', hosts: ['127.0.0.1'] })
  const start = () =>
    EmbeddedCluster.start({
      dataDir,
      authorizer: { superUsers: ['User:ANONYMOUS'] },
      listeners: {
        mtls: {
          tls: {
            key: broker.key,
            cert: broker.certificate,
            ca: authority.certificate,
            clientAuth: 'required',
          },
        },
      },
      logger: silentLogger,
    })
  const own = authority.issue({ name: 'orders, service' })
  const visible = async (cluster: EmbeddedCluster) => {
    using visitor = new Admin({
      'bootstrap.servers': cluster.bootstrapServersAt('mtls'),
      'security.protocol': 'ssl',
      'ssl.ca.pem': authority.certificate,
      'ssl.key.pem': own.key,
      'ssl.certificate.pem': own.certificate,
    })
    return (await visitor.topics.list()).map(({ name }) => name)
  }
  try {
    await using cluster = await start()
    for (const name of ['orders', 'payments']) await cluster.createTopic(name)
    expect(await visible(cluster)).toEqual([])
    using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
    const acl = { resourceType: 'TOPIC', resourceName: 'orders', operation: 'READ' } as const
    const [made] = await admin.acls.create([{ ...acl, principal: 'User:CN=orders\\, service' }])
    orThrow(made!)
    expect(await visible(cluster)).toEqual(['orders'])
    await cluster.stop()
    await using again = await start()
    expect(await visible(again)).toEqual(['orders'])
  } finally {
    await rm(dataDir, { recursive: true })
  }
})

test('a subject is written as Java writes it', () => {
  expect(distinguishedName('C=DE\nO=Ex\\, am\nOU=a + OU=b\nCN=x')).toBe(
    'CN=x,OU=a+OU=b,O=Ex\\, am,C=DE',
  )
  expect(distinguishedName('emailAddress=a@b.c\nCN=x')).toBe(
    'CN=x,1.2.840.113549.1.9.1=#16056140622e63',
  )
})

test('without an authorizer there are no ACLs', async () => {
  await using cluster = await EmbeddedCluster.start({ logger: silentLogger })
  using admin = new Admin({ 'bootstrap.servers': cluster.bootstrapServers })
  await expect(admin.acls.list()).rejects.toMatchObject({ code: 'SECURITY_DISABLED' })
})
