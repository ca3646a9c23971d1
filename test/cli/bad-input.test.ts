import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { run } from '../support/run.ts'
import { missingTools } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'
import { main, posthaste, Running } from './posthaste.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-bad-input-'))
let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ defaultPartitions: 1 })
  await cluster.createTopic('orders')
  await posthaste(['produce', '-b', cluster.bootstrapServers, 'orders'], { stdin: '1\n2\n3\n' })
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

const there = () => ['-b', cluster.bootstrapServers]
const all = ['--from-beginning', '--exit-at-end']

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

/** The command line with a redirection that only a shell can make. */
const inShell = (args: readonly string[], redirection: string) =>
  run('sh', ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, main, ...args])

describe.skipIf(!existsSync('/dev/full'))('a full disk', () => {
  it.each([
    ['records', () => ['consume', 'orders', ...all]],
    ['deliveries', () => ['produce', 'told', '--json', '-v', join(folder, 'one')]],
    ['a list', () => ['topics', 'list']],
    ['findings', () => ['doctor']],
    ['help', () => ['--help']],
  ])('for %s ends with 1, and a word', async (_, args) => {
    file('one', 'x\n')
    const outcome = await inShell([...args(), ...there()], '> /dev/full')
    expect(outcome.stderr.match(/posthaste: standard output: .*no space left/g)).toHaveLength(1)
    expect(outcome.code).toBe(1)
  })
})

describe('input that can not be read', () => {
  it.skipIf(!existsSync('/proc/self/mem'))(
    'breaks off in the middle: what was read is delivered, and the file is named',
    async () => {
      const good = file('good', 'a\nb\n')
      const made = await posthaste(['produce', ...there(), 'broken', good, '/proc/self/mem'])
      expect(made.code).toBe(1)
      expect(made.stderr).toMatch(/\/proc\/self\/mem: .*\n(.*\n)*delivered 2, failed 0\n$/)
    },
  )

  it('is a folder in place of standard input', async () => {
    const made = await inShell(['produce', ...there(), 'folders'], `< '${folder}'`)
    expect(made).toMatchObject({ code: 2, stderr: 'posthaste: standard input: is a folder\n' })
  })

  it('is a properties file with mistakes: the line and the key are told', async () => {
    const wrong = file('wrong.properties', '# ours\nacks=all\n\nlingr.ms=5\n')
    const config = ['--command-config', wrong]
    const { code, stderr } = await posthaste(['produce', 'orders', ...there(), ...config])
    expect(code).toBe(2)
    expect(stderr).toContain('wrong.properties, line 4: unknown setting lingr.ms; did you mean')
    file('wrong.properties', 'acks=all\nbatch.size = many\n')
    const second = await posthaste(['topics', 'list', ...there(), ...config])
    expect(second.stderr).toMatch(/line 2: batch\.size must be a number of bytes .*got "many"/)
    expect(second.code).toBe(2)
  })
})

describe('lines of ten megabytes', () => {
  const lines = Buffer.concat([
    Buffer.from('small\n'),
    Buffer.alloc(10_000_000, 'y'),
    Buffer.from('\nlast\n'),
  ])

  it('fail alone, with the setting that would let them pass', async () => {
    const made = await posthaste(['produce', ...there(), 'long'], { stdin: lines })
    expect(made.code).toBe(1)
    expect(made.stderr).toMatch(/line 2: the line has 10000000 bytes, more than max\.request\.size/)
    expect(made.stderr).toMatch(/delivered 2, failed 1\n$/)
  })

  it('fail alone where the topic refuses them, with its setting', async () => {
    const flags = ['-X', 'max.request.size=12000000']
    const made = await posthaste(['produce', ...there(), 'long', ...flags], { stdin: lines })
    expect(made.code).toBe(1)
    expect(made.stderr).toMatch(/MESSAGE_TOO_LARGE.*max\.message\.bytes/)
    expect(made.stderr).toMatch(/delivered 2, failed 1\n$/)
  })

  it('pass both ways where both let them', async () => {
    await cluster.createTopic('longer', { config: { 'max.message.bytes': '12000000' } })
    const flags = ['-X', 'max.request.size=12000000']
    const made = await posthaste(['produce', ...there(), 'longer', ...flags], { stdin: lines })
    expect(made).toMatchObject({ code: 0, stderr: 'delivered 3, failed 0\n' })
    const back = join(folder, 'back')
    await inShell(['consume', ...there(), 'longer', ...all], `> '${back}'`)
    expect(readFileSync(back).equals(lines)).toBe(true)
  })
})

describe.skipIf(missingTools('script').length > 0)('a terminal of 20 columns', () => {
  const onTerminal = async (args: readonly string[]) => {
    const command = [process.execPath, main, ...args].map(each => `'${each}'`).join(' ')
    const inner = `stty cols 20 rows 10; exec ${command}`
    const { code, stdout } = await run('script', ['-qec', inner, '/dev/null'])
    return { code, lines: stripVTControlCharacters(stdout).split(/\r*\n|\r/) }
  }

  it('shows what doctor found in lines that fit', async () => {
    const { code, lines } = await onTerminal(['doctor', 'orders', ...there()])
    expect(code).toBe(0)
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.filter(line => line.length > 20)).toEqual([])
  })

  it.each([
    ['explain-partition', () => ['explain-partition', '--key', 'x', '--partitions', '3']],
    ['bench', () => ['bench', '-n', '20000', ...there()]],
  ])('shows the table of %s as a line for each cell', async (_, args) => {
    const { code, lines } = await onTerminal(args())
    expect(code).toBe(0)
    const cells = lines.filter(line => /^[a-z ]+: /.test(line))
    expect(cells.length).toBeGreaterThan(10)
    const others = lines.filter(line => !cells.includes(line))
    expect(others.filter(line => line.length > 20)).toEqual([])
  })

  it('shows how produce goes, in a line that fits', async () => {
    const many = file('many', 'a line of a file\n'.repeat(200_000))
    const { code, lines } = await onTerminal(['produce', ...there(), 'shown', many])
    expect(code).toBe(0)
    expect(lines.some(line => line.includes('delivered 200000, failed 0'))).toBe(true)
  })
})

describe('Ctrl-C twice', () => {
  it('says how many records were left', async () => {
    await cluster.createTopic('stuck')
    const asked = new Promise<void>(resolve => {
      const swallow = () => {
        resolve()
        return 'drop' as const
      }
      cluster.intercept('Produce', swallow, { while: () => true })
    })
    try {
      using produce = new Running(['produce', ...there(), 'stuck', '-X', 'linger.ms=1'])
      produce.child.stdin.write('1\n2\n3\nand half a li')
      await asked
      produce.child.kill('SIGINT')
      await waitFor('the first to be heard', () => produce.stderr.includes('interrupted'))
      produce.child.kill('SIGINT')
      expect(await produce.ended).toBe(130)
      expect(produce.stderr).toMatch(/ended at once: \d records were still on their way$/m)
    } finally {
      cluster.clearFaults()
    }
  })
})
