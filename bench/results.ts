import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { runOrThrow } from '../test/support/run.ts'

const folder = join(import.meta.dirname, 'results')

/** When, where and on what something was measured. */
export interface Setting {
  readonly date: string
  readonly machine: string
  readonly node: string
  /** What else ran: the averages of one, five and fifteen minutes. */
  readonly load: readonly number[]
}

export function setting(): Setting {
  const [{ model } = { model: 'unknown' }] = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${model.trim()}, ${cpus().length} cores`,
    node: process.version,
    load: loadavg().map(each => Math.round(each * 10) / 10),
  }
}

/** What was written there before, or undefined. */
export async function readResults<T>(name: string): Promise<T | undefined> {
  const text = await readFile(join(folder, `${name}.json`), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : JSON.parse(text)
}

/** Writes bench/results/NAME.json and draws its charts. */
export async function writeResults(name: string, results: object): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, `${name}.json`)
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`)
  await runOrThrow(process.execPath, [join(import.meta.dirname, 'chart.js'), file])
}
