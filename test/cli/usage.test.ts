import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { freePorts } from '../support/ports.ts'
import { posthaste } from './posthaste.ts'

const nowhere = ['-b', '127.0.0.1:1']

describe('wrong usage ends with 2 and the nearest right name', () => {
  it.each([
    [
      'a command',
      ['prodce', 't'],
      /unknown command 'prodce'\n.*produce.*\nposthaste --help tells more/,
    ],
    ['a subcommand', ['topics', 'creat', 't'], /unknown command 'creat'\n.*create/],
    ['an option', ['produce', 't', '--key-feild', 'x'], /'--key-feild'\n.*--key-field/],
    ['a setting', ['produce', 't', '-X', 'lingr.ms=5'], /lingr\.ms; did you mean linger\.ms/],
    [
      "another client's setting",
      ['consume', 't', '-X', 'linger.ms=5'],
      /unknown setting linger\.ms/,
    ],
    ['a value', ['produce', 't', '--compression', 'lz5'], /one of none, gzip.*got "lz5"/],
    ['acks', ['produce', 't', '--acks', '2'], /acks must be one of all, 1, 0, got "2"/],
    [
      'a contradiction',
      ['produce', 't', '-a', '1', '-X', 'enable.idempotence=true'],
      /idempotence/,
    ],
    ['two keys', ['produce', 't', '-k', ':', '--key-field', 'x'], /give one/],
    ['a partition', ['produce', 't', '-p', 'two'], /It must be a whole number/],
    ['a header', ['produce', 't', '-H', 'novalue'], /name=value/],
    ['a file', ['produce', 't', '/no/such/file'], /\/no\/such\/file: no such file/],
    ['a folder', ['produce', 't', tmpdir()], /is a folder/],
    ['a properties file', ['topics', 'list', '--command-config', '/none'], /\/none: no such file/],
    ['an address', ['topics', 'list', '-b', 'host:port'], /"host:port", which is not host:port/],
    ['a format', ['consume', 't', '--format', '%x'], /--format has "%x"/],
    [
      'an isolation',
      ['consume', 't', '--isolation', 'commited'],
      /read_uncommitted, read_committed/,
    ],
    ['nothing to alter', ['topics', 'alter', 't'], /nothing to alter/],
    [
      'a missing argument',
      ['consume'],
      /^posthaste: missing required argument 'topic'\nposthaste consume --help tells more\n$/,
    ],
    [
      'a missing argument of a subcommand',
      ['-X', 'linger.ms=5', 'topics', 'create'],
      /argument 'name'\nposthaste topics create --help tells more\n$/,
    ],
    ['no command', [], /^Usage: posthaste(?!.*tells more)/s],
  ])('%s', async (_what, args, words) => {
    const { code, stdout, stderr } = await posthaste([...args])
    expect(stderr).toMatch(words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('no broker ends with 3, each address and its cause', () => {
  it.each([
    ['produce', ['produce', 't']],
    ['consume', ['consume', 't']],
    ['topics', ['topics', 'list']],
  ])('%s', async (_what, args) => {
    const [closed] = await freePorts(1)
    // The system itself knows that this is no name: no server of names is asked, which may be slow.
    const servers = ['-b', `127.0.0.1:${closed},posthaste..invalid:9092`]
    const { code, stdout, stderr } = await posthaste([...args, ...servers], { stdin: 'x\n' })
    expect(stderr).toContain(`127.0.0.1:${closed}: refused: nothing listens there`)
    expect(stderr).toMatch(/posthaste\.\.invalid:9092: the name does not resolve/)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
  })
})

describe('a topic that is not there', () => {
  it('ends with 1 and the nearest name', async () => {
    await using cluster = await EmbeddedCluster.start({ autoCreateTopics: false })
    await cluster.createTopic('orders')
    const there = ['-b', cluster.bootstrapServers]
    const consumed = await posthaste(['consume', ...there, 'order'])
    expect(consumed.stderr).toContain('there is no topic order; did you mean orders?')
    expect(consumed.code).toBe(1)
    const described = await posthaste(['topics', 'describe', ...there, 'odrers'])
    expect(described.stderr).toContain('there is no topic odrers; did you mean orders?')
    expect(described.code).toBe(1)
    const misnamed = await posthaste(['produce', ...there, 'my orders'], { stdin: 'x\n' })
    expect(misnamed.stderr).toContain('"my orders" can\'t be the name of a topic; up to 249')
    expect(misnamed.code).toBe(1)
  })
})

describe('help', () => {
  it.each(
    [
      ['demo', 'broker', 'produce', 'consume', 'topics', 'schemas', 'explain-partition'].map(
        name => [name],
      ),
    ].flat(),
  )('of %s has its options, the common ones, and examples', async name => {
    const { code, stdout, stderr } = await posthaste([name, '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: posthaste ${name}`)
    expect(stdout).toMatch(/Global Options:[\s\S]*--bootstrap-server/)
    expect(stdout).toMatch(/Examples:\n {2}(posthaste|printf)/)
    expect(await posthaste(['help', name])).toMatchObject({ code: 0, stdout })
  })

  it('of all is an overview; --version is a version', async () => {
    const { code, stdout } = await posthaste(['--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/produce +send a record for each line/)
    expect(await posthaste(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  })
})

describe('schemas --help', () => {
  it('lists its subcommands, each with help of its own', async () => {
    const { stdout } = await posthaste(['schemas', '--help'])
    const names = ['list', 'get', 'register', 'check', 'delete', 'compat']
    for (const name of names) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'))
      const own = await posthaste(['schemas', name, '--help'])
      expect(own).toMatchObject({ code: 0, stderr: '' })
      expect(own.stdout).toContain(`Usage: posthaste schemas ${name}`)
      expect(own.stdout).toContain('--registry')
    }
  })
})

describe('explain-partition', () => {
  it('says where a key goes under each algorithm', async () => {
    const args = ['explain-partition', '--key', 'user-7', '--partitions', '6']
    const { code, stdout } = await posthaste([...args, '--json'])
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(code).toBe(0)
    expect(Object.fromEntries(rows.map(row => [row.algorithm, row.partition]))).toEqual({
      murmur2: 2,
      murmur2_random: 2,
      consistent_random: 3,
      consistent: 3,
      fnv1a: 4,
    })
    const table = await posthaste([...args, ...nowhere])
    expect(table.stdout).toMatch(
      /^algorithm +partition +the default of\nmurmur2 +2 +posthaste, Java/,
    )
  })
})
