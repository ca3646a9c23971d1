import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readResults } from './performance/results.ts'
import { tables } from './performance/tables.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'performance.md')

/**
 * docs/performance.md with its tables made anew from bench/results: what stands between the marks
 * `<!-- figures: NAME -->` and `<!-- end -->`. The words around them are written by hand.
 */
export function performancePage(): string {
  const results = readResults()
  const mark = /(<!-- figures: (\w+) -->\n).*?(<!-- end -->)/gs
  return readFileSync(page, 'utf8').replace(mark, (_, begin: string, name: string, end: string) => {
    const make = tables[name]
    if (!make) throw new Error(`docs/performance.md wants figures called ${name}`)
    return `${begin}\n${make(results)}\n\n${end}`
  })
}
