import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/cache.ts'

// That what the documents link to is there: files, and the headings behind `#`.

const documents = [
  ...readdirSync(root).filter(name => name.endsWith('.md')),
  ...under('docs'),
  ...under('examples'),
]

function under(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => join(folder, name))
}

/** The text of a document without its blocks of code. */
const proseOf = (path: string) =>
  readFileSync(join(root, path), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')

/** As GitHub makes them of headings: the second of a name gets a number. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(path).matchAll(/^#+ (.*)$/gm)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = text.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    let unique = anchor
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`
    anchors.add(unique)
  }
  return anchors
}

interface Link {
  readonly from: string
  /** Relative to the repository's root. */
  readonly to: string
  readonly anchor: string
}

/** The links of a document to others, and within it. */
function linksOf(from: string): Link[] {
  const targets = [
    ...proseOf(from)
      .replace(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
  return targets
    .map(([, target = '']) => target)
    .filter(target => !/^[a-z]+:/.test(target))
    .map(target => {
      const [path = '', anchor = ''] = target.split('#')
      return { from, to: path === '' ? from : join(dirname(from), path), anchor }
    })
}

const links = documents.flatMap(linksOf)

test('there are links, and anchors are made as GitHub makes them', () => {
  expect(links.length).toBeGreaterThan(200)
  expect([...anchorsOf('docs/cli.md')]).toContain('what-goes-where')
})

test('each leads to a file, and to a heading in it', () => {
  const dead = links.filter(({ to, anchor }) => {
    if (!existsSync(join(root, to))) return true
    if (anchor === '') return false
    return statSync(join(root, to)).isDirectory() || !anchorsOf(to).has(anchor)
  })
  expect(dead.map(({ from, to, anchor }) => `${from}: ${to}#${anchor}`)).toEqual([])
})

test('the index leads to each document', () => {
  const linked = new Set(
    [...linksOf('docs/README.md'), ...linksOf('docs/api.md')].map(({ to }) => to),
  )
  const missing = under('docs').filter(path => !linked.has(path) && path !== 'docs/README.md')
  expect(missing.map(path => relative('docs', path))).toEqual([])
})
