import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../scripts/build-page.ts'
import { run } from '../support/run.ts'
import { lacks } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'
import { folder, posthaste, Running } from './posthaste.ts'

beforeAll(() => buildPage(join(folder, 'dist/dashboard/page')))

describe('trace', () => {
  it('lists the four steps and the tracker of the first message', async () => {
    const { code, stdout, stderr } = await posthaste(['trace', 'first-message'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/^Step \d of 4$/gm)).toHaveLength(4)
    expect(stdout).toMatch(/batch 1 is delivered: 1 record → greetings \[0\] @ 0/)
    expect(stdout).toMatch(/^producer {2,}open {2,}open {2,}open {2,}closed$/m)
    expect(stdout).not.toContain('\u001b')
  })

  it('gives the steps as JSON, a line each', async () => {
    const { code, stdout } = await posthaste(['trace', '--json'])
    expect(code).toBe(0)
    const steps = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, i) => i + 1))
    expect(steps.at(-1)?.tracker).toMatchObject({ producer: 'closed', queue: 0, acknowledged: 1 })
  })

  it.skipIf(lacks('python3'))('plays in a terminal of 20 columns, and ends at q', async () => {
    const helper = join(import.meta.dirname, 'terminal.py')
    const command = [process.execPath, join(folder, 'dist/cli/main.js'), 'trace', 'retry']
    const { code, stdout } = await run('python3', [helper, '20', '2/53 ', 'q', ...command])
    expect(code).toBe(0)
    const [before = '', played = '', after = ''] = stdout
      .replaceAll('\u001b[?1049h', '\u001b[?1049l')
      .split('\u001b[?1049l')
    expect(before).toBe('')
    expect(stripVTControlCharacters(played)).toContain('2/53  A retry that')
    // What was seen stays behind as a list, in lines that fit.
    const lines = stripVTControlCharacters(after).split('\r\n')
    expect(lines).toContain('Step 1 of 9')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(20)
  })

  it('lists the scenarios, and knows what was meant', async () => {
    const { stdout } = await posthaste(['trace', '--list'])
    expect(stdout.trim().split('\n')).toHaveLength(11)
    const { code, stderr } = await posthaste(['trace', 'rebalence'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean rebalance?')
  })

  it('runs on a running cluster, and leaves nothing behind', async () => {
    using broker = new Running(['broker', '--port', '0'])
    const server = await waitFor('the broker', () => /^ready (\S+)/.exec(broker.stdout)?.[1] ?? '')
    const { code, stdout } = await posthaste(['trace', 'keys', '-b', server])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^acknowledged .* 8$/m)
    const { stdout: topics } = await posthaste(['topics', 'list', '--json', '-b', server])
    expect(topics).not.toContain('tasks')
    const refused = await posthaste(['trace', 'retry', '-b', server])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('leave out -b')
    const nobody = await posthaste(['trace', '-b', '127.0.0.1:1'])
    expect(nobody.code).toBe(3)
  })

  it.each([
    ['trace', ['trace', '--ui']],
    ['broker', ['broker', '--port', '0', '--ui-port', '0']],
  ])('%s serves the page until it is told to end', async (_, args) => {
    using serving = new Running(args)
    const url = await waitFor('the page', () => /^ui (\S+)/m.exec(serving.stdout)?.[1] ?? '')
    const page = await fetch(url.replace(/#.*/, ''))
    expect(await page.text()).toContain('<div id="page">')
    serving.child.kill('SIGTERM')
    expect(await serving.ended).toBe(0)
  })
})
