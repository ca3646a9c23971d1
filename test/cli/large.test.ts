import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EmbeddedCluster } from '../../src/broker/index.ts'
import { run } from '../support/run.ts'
import { main } from './posthaste.ts'

const LINES = 200_000
/** More than the buffers hold: else the machine's pace would decide how full they get. */
const FEW = 80_000

/** Says how much memory the process had at its fullest, behind everything else. */
const WATCH = `data:text/javascript,process.on('exit',()=>console.error('peak',process.resourceUsage().maxRSS))`

const folder = mkdtempSync(join(tmpdir(), 'posthaste-large-'))
const many = join(folder, 'many')
const few = join(folder, 'few')
let cluster: EmbeddedCluster
beforeAll(async () => {
  cluster = await EmbeddedCluster.start({ dataDir: join(folder, 'data') })
  await write(many, LINES)
  await write(few, FEW)
})
afterAll(async () => {
  await cluster.stop()
  rmSync(folder, { recursive: true })
})

/** Lines of some 500 bytes, no two alike, some of them empty or no text. */
function write(path: string, count: number): Promise<void> {
  const filling = 'the quick brown fox jumps over the lazy dog '.repeat(11)
  function* lines() {
    for (let i = 0; i < count; i += 100) {
      const hundred = Array.from({ length: 99 }, (_, j) => `${i + j} ${filling}\n`)
      yield Buffer.concat([Buffer.from(hundred.join('')), Buffer.from([0xff, 0x00, 0x0a])])
    }
  }
  return pipeline(Readable.from(lines()), createWriteStream(path))
}

/** Runs the command line with a redirection; gives what it said and its peak memory in MiB. */
async function measured(args: readonly string[], redirection: string) {
  const command = ['--import', WATCH, main, ...args, '-b', cluster.bootstrapServers]
  const shell = ['-c', `exec "$@" ${redirection}`, 'sh', process.execPath, ...command]
  const { code, stderr } = await run('sh', shell)
  const [, said = '', peak = ''] = /^([\s\S]*)peak (\d+)\n$/.exec(stderr) ?? []
  expect(code).toBe(0)
  return { said, mib: Number(peak) / 1024 }
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

it('carries 200,000 lines there and back, byte for byte, in constant memory', async () => {
  const back = join(folder, 'back')
  const all = ['--from-beginning', '--exit-at-end']
  const made = await measured(['produce', 'many', many], '')
  const read = await measured(['consume', 'many', ...all], `> '${back}'`)
  expect(made.said).toBe(`delivered ${LINES}, failed 0\n`)
  expect(read.said).toBe(`consumed ${LINES}\n`)
  expect(await digest(back)).toBe(await digest(many))

  // More than twice the input, 60 MB more of it: not even half of that in memory.
  const madeFew = await measured(['produce', 'few', few], '')
  const readFew = await measured(['consume', 'few', ...all], `> '${back}'`)
  expect(made.mib - madeFew.mib).toBeLessThan(30)
  expect(read.mib - readFew.mib).toBeLessThan(30)
})
