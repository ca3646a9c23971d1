import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { run } from '../support/run.ts'
import { missingTools } from '../support/tools.ts'
import { main, posthaste } from './posthaste.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthaste-completion-'))
// The scripts call the program by its name.
writeFileSync(join(folder, 'posthaste'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, {
  mode: 0o755,
})
const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` }

/**
 * Nobody waits at a key for longer than a second and a half, and nor does the program. A machine
 * that stands still for as long is not what is tested: time goes slower for the program.
 */
const SLOWNESS = 20
const slowTime = `const later = setTimeout
globalThis.setTimeout = (work, ms = 0, ...rest) => later(work, ms * ${SLOWNESS}, ...rest)
const now = performance.now.bind(performance)
performance.now = () => now() / ${SLOWNESS}`
const patient = {
  ...env,
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(slowTime)}`,
}

let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start()
  await cluster.createTopic('orders')
  await cluster.createTopic('order-items')
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

type Press = (...words: string[]) => Promise<string[]>

/** What bash offers when the key is pressed behind the words, the last of which may be half. */
const inBash: Press = (...words) => offeredInBash(words, patient)

async function offeredInBash(words: readonly string[], env: NodeJS.ProcessEnv) {
  const script = await posthaste(['completion', 'bash'])
  writeFileSync(join(folder, 'bash'), script.stdout)
  const program = [
    `source '${join(folder, 'bash')}'`,
    `COMP_WORDS=(posthaste "$@")`,
    `COMP_CWORD=$#`,
    '_posthaste',
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]
  const args = ['--norc', '-c', program.join('\n'), 'bash', ...words]
  const { stdout, stderr } = await run('bash', args, { env, cwd: folder })
  expect(stderr).toBe('')
  return stdout.split('\n').filter(line => line !== '')
}

const inFish: Press = async (...words) => {
  const script = await posthaste(['completion', 'fish'])
  const file = join(folder, 'fish')
  writeFileSync(file, script.stdout)
  const line = `source '${file}'; complete -C 'posthaste ${words.join(' ')}'`
  const { stdout, stderr } = await run('fish', ['--no-config', '-c', line], {
    env: patient,
    cwd: folder,
  })
  expect(stderr).toBe('')
  return stdout.split('\n').flatMap(each => each.split('\t')[0] || [])
}

/** The key is pressed in a zsh at a terminal of its own; the list is what it then shows. */
const inZsh: Press = async (...words) => {
  const script = await posthaste(['completion', 'zsh'])
  writeFileSync(join(folder, 'zsh'), script.stdout)
  const line = `posthaste ${words.join(' ')}`
  const keys = join(folder, 'keys.zsh')
  // A widget that lists what would be offered, into a file, instead of onto the screen.
  writeFileSync(
    keys,
    `zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner 'autoload -Uz compinit && compinit -u -D && source ${join(folder, 'zsh')}'
zpty -w inner 'compadd () { if [[ "\${@[(I)-[OAD]]}" != 0 ]]; then builtin compadd "$@"; else local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >>${join(folder, 'hits')}; fi }'
zpty -w inner 'list-it () { zle complete-word; print done >>${join(folder, 'hits')}; exit }'
zpty -w inner 'zle -C complete-word complete-word _main_complete; zle -N list-it; bindkey "^T" list-it'
zpty -w -n inner $'${line}\\x14'
zpty -r inner ignored '*nothing*' 2>/dev/null || true
`,
  )
  writeFileSync(join(folder, 'hits'), '')
  await run('zsh', ['-f', keys], { env: patient, cwd: folder })
  const { stdout } = await run('cat', [join(folder, 'hits')])
  return stdout.split('\n').filter(each => each !== '' && each !== 'done')
}

function presses(press: Press): void {
  it('commands and subcommands', async () => {
    expect(await press('prod')).toEqual(['produce'])
    expect((await press('topics', 'de')).toSorted()).toEqual(['delete', 'describe'])
  })

  it('options of the command and of all, and the choices of an option', async () => {
    expect(await press('consume', 'orders', '--from')).toEqual(['--from-beginning'])
    expect(await press('consume', 'orders', '--boot')).toEqual(['--bootstrap-server'])
    expect((await press('produce', 'orders', '--compression', '')).toSorted()).toEqual([
      'gzip',
      'lz4',
      'none',
      'snappy',
      'zstd',
    ])
  })

  it('the topics of the cluster', async () => {
    const there = ['-b', cluster.bootstrapServers]
    expect((await press('consume', ...there, 'ord')).toSorted()).toEqual(['order-items', 'orders'])
    expect(await press('topics', 'describe', ...there, 'order-')).toEqual(['order-items'])
    expect(await press('topics', 'create', ...there, 'ord')).toEqual([])
  })
}

describe('completion in bash', () => {
  presses(inBash)

  it('files where a file is meant, and names of settings', async () => {
    writeFileSync(join(folder, 'records.jsonl'), '')
    expect(await inBash('produce', 'orders', 'rec')).toEqual(['records.jsonl'])
    expect(await inBash('produce', 'orders', '-X', 'ling')).toEqual(['linger.ms='])
    expect(await inBash('consume', 'orders', '-X', 'ling')).toEqual([])
  })

  it('nothing, and no error, where no broker answers', async () => {
    expect(await offeredInBash(['consume', '-b', '127.0.0.1:1', 'ord'], env)).toEqual([])
  })
})

// Not every machine that tests has them; the logic behind all three is one.
describe.skipIf(missingTools('fish').length > 0)('completion in fish', () => presses(inFish))

describe.skipIf(missingTools('zsh').length > 0)('completion in zsh', () => presses(inZsh))

describe('completion', () => {
  it('of a shell that it does not know is wrong usage', async () => {
    const { code, stderr } = await posthaste(['completion', 'tcsh'])
    expect(code).toBe(2)
    expect(stderr).toContain('there is bash, zsh, fish')
  })
})
