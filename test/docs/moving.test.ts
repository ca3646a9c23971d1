import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entryPoints } from '../../scripts/docs/api.ts'
import type { OptionSet } from '../../src/base/options.ts'
import { adminOptions, consumerOptions, producerOptions } from '../../src/index.ts'
import { describeWithPython, pythonWithClients } from '../python/venv.ts'
import { cached, root } from '../support/cache.ts'
import { run, runOrThrow } from '../support/run.ts'
import { lacks } from '../support/tools.ts'

// The tables of the guides on moving: to the left what others have, to the right what we have.

interface Row {
  /** The head of its first column: whose names they are. */
  readonly of: string
  readonly theirs: string
  readonly ours: string
}

const guides = ['moving-from-kafkajs', 'moving-from-librdkafka', 'moving-from-kafka-python']
const rows = (await Promise.all(guides.map(rowsOf))).flat()

async function rowsOf(guide: string): Promise<Row[]> {
  const text = await readFile(join(root, `docs/guides/${guide}.md`), 'utf8')
  return text
    .split('\n\n')
    .filter(block => block.startsWith('| '))
    .flatMap(table => {
      const [head = [], , ...body] = table.split('\n').map(cells)
      return body.map(([theirs = '', ours = '']) => ({ of: head[0] ?? '', theirs, ours }))
    })
}

/** The cells of a table's line; a bar within code does not end one. */
function cells(line: string): string[] {
  const parts = line.slice(2, -1).split(/ \|(?: |$)/)
  return parts.map(cell => cell.trim())
}

const codes = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!)

test('there are tables for each client', () => {
  const all = new Set(rows.map(row => row.of.replace(/^.* of /, '')))
  const clients = ['kafkajs', 'librdkafka', 'node-rdkafka', 'confluent-kafka', 'kafka-python']
  expect([...all].sort()).toEqual(clients.sort())
  expect(rows.length).toBeGreaterThan(150)
})

describe('what we are said to have, we have', () => {
  const settings = new Set<string>()
  const sets: OptionSet[] = [producerOptions, consumerOptions, adminOptions]
  for (const [name, { aliases, scaled }] of sets.flatMap(set => Object.entries(set))) {
    for (const each of [name, ...aliases, ...Object.keys(scaled)]) settings.add(each)
  }
  const names = entryPoints().flatMap(entry => entry.names)

  test('settings', () => {
    const said = rows
      .flatMap(({ ours }) => codes(ours))
      .filter(code => /^[a-z.]+\.[a-z.]+$/.test(code))
    const own = said.filter(code => !/^(message|consumer|producer)\./.test(code))
    expect(own.length).toBeGreaterThan(60)
    expect(own.filter(code => !settings.has(code))).toEqual([])
  })

  test('calls', () => {
    const calls = rows
      .flatMap(({ ours }) => codes(ours))
      .flatMap(code => [...code.matchAll(/\b(producer|consumer|message|admin\.\w+)\.(\w+)/g)])
    expect(calls.length).toBeGreaterThan(100)
    const unknown = calls.filter(([, owner = '', name = '']) => !membersOf(owner).includes(name))
    expect(unknown.map(([call]) => call)).toEqual([])
  })

  test('classes', () => {
    const said = rows
      .flatMap(({ ours }) => codes(ours))
      .flatMap(code => code.match(/[A-Z]\w+Error/g) ?? [])
    expect(said.filter(name => !names.some(each => each.name === name))).toEqual([])
  })

  function membersOf(owner: string): string[] {
    const [variable = '', part] = owner.split('.')
    const className = variable[0]!.toUpperCase() + variable.slice(1)
    const { members = [] } = names.find(({ name }) => name === className) ?? {}
    const within = part ? (members.find(({ name }) => name === part)?.parts ?? []) : members
    return within.map(({ name }) => name)
  }
})

test('the defaults that moving.md compares are ours, and the settings too', async () => {
  const text = await readFile(join(root, 'docs/guides/moving.md'), 'utf8')
  const [, table = ''] = /\n(\| \| kafkajs[\s\S]*?)\n\n/.exec(text) ?? []
  const compared = new Map(
    table
      .split('\n')
      .slice(2)
      .map(line => line.split(' | ').map(cell => cell.replace(/^\| | \|$/g, '')))
      .map(cells => [codes(cells.at(-1)!)[0]!, cells.at(-2)!]),
  )
  expect(Object.fromEntries(compared)).toEqual({
    'enable.idempotence': producerOptions['enable.idempotence'].fallback ? 'no' : 'yes',
    partitioner: producerOptions.partitioner.fallback,
    'delivery.timeout.ms': `${producerOptions['delivery.timeout.ms'].fallback / 1_000} s`,
    'linger.ms': `${producerOptions['linger.ms'].fallback} ms, where a broker is busy`,
    'isolation.level':
      consumerOptions['isolation.level'].fallback === 'read_uncommitted' ? 'yes' : 'no',
    'auto.offset.reset': consumerOptions['auto.offset.reset'].fallback.replace(
      'latest',
      'at the end',
    ),
    'session.timeout.ms': `${consumerOptions['session.timeout.ms'].fallback / 1_000} s`,
    'partition.assignment.strategy': `\`${consumerOptions['partition.assignment.strategy'].fallback[0]}\``,
    'allow.auto.create.topics': consumerOptions['allow.auto.create.topics'].fallback ? 'yes' : 'no',
    'enable.auto.commit': 'what was processed',
  })
})

describe.skipIf(lacks('npm'))('what clients for Node.js are said to have, they have', () => {
  test('kafkajs', { timeout: 300_000 }, async () => {
    const types = await theirText('kafkajs/types/index.d.ts')
    expect(strangers('kafkajs', types)).toEqual([])
  })

  test('node-rdkafka and librdkafka', { timeout: 300_000 }, async () => {
    const types = await theirText('node-rdkafka/index.d.ts')
    const settings = await theirText('node-rdkafka/config.d.ts')
    expect(strangers('node-rdkafka', types)).toEqual([])
    expect(strangers('librdkafka', settings)).toEqual([])
  })

  /** Those words of a client's code, of three letters or more, that its types do not know. */
  function strangers(client: string, types: string): string[] {
    const known = new Set(types.match(/[\w.-]+/g))
    const words = rows
      .filter(row => row.of === client || row.of.endsWith(` of ${client}`))
      .flatMap(({ theirs }) => codes(theirs))
      .map(code => code.replace(/^(kafka|producer|consumer|message)\.(?=\w+($|\())/, ''))
      .flatMap(code => code.match(/[a-zA-Z][\w.-]{2,}/g) ?? [])
      .flatMap(word => (client === 'kafkajs' ? word.split('.') : word))
      .filter(word => word !== 'new')
    return words.filter(word => !known.has(word))
  }
})

describeWithPython('what clients for Python are said to have, they have', () => {
  test('each name', { timeout: 300_000 }, async () => {
    const names = rows
      .map(({ of, theirs }) => ({ of: of.replace(/^.* of /, ''), theirs }))
      .filter(({ of }) => of === 'confluent-kafka' || of === 'kafka-python')
      .flatMap(({ of, theirs }) => codes(theirs).map(code => ({ of, name: nameIn(code) })))
      .filter(({ name }) => name !== undefined)
    expect(names.length).toBeGreaterThan(100)
    const stdin = names.map(({ of, name }) => `${of} ${name}\n`).join('')
    const script = join(import.meta.dirname, 'moved/names.py')
    const { code, stdout, stderr } = await run(await pythonWithClients(), [script], { stdin })
    expect(`${code}${stdout}${stderr}`).toBe('0')
  })

  /** `Producer.flush`, `linger_ms` or `CommitFailedError`; not words of Python's own. */
  function nameIn(code: string): string | undefined {
    const own = /^(BufferError|add_callback|add_errback|\w+Serializer|.* .*|len\(.*)$/
    return own.test(code) ? undefined : code.replace(/\(.*$/, '')
  }
})

/** A file of one of the clients, as their lock file names them; nothing of theirs is run. */
async function theirText(file: string): Promise<string> {
  const source = join(import.meta.dirname, 'moved')
  const lock = await readFile(join(source, 'package-lock.json'))
  const hash = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const folder = await cached(`moved-${hash}`, async to => {
    for (const name of ['package.json', 'package-lock.json']) {
      await copyFile(join(source, name), join(to, name))
    }
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund']
    await runOrThrow('npm', ['ci', ...quiet], { cwd: to })
  })
  return readFile(join(folder, 'node_modules', file), 'utf8')
}
