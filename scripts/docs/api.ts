import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Declared, declared, isCalled, type Member } from '../api/declaration.ts'
import { exportsOf } from '../api/exports.ts'
import { root } from '../api/module.ts'

/** What a program imports: `posthaste/broker`, with all that it exports. */
export interface EntryPoint {
  readonly name: string
  /** The name of its page. */
  readonly page: string
  readonly source: string
  readonly names: readonly Declared[]
}

const titles = new Map([
  ['class', 'Classes'],
  ['function', 'Functions'],
  ['constant', 'Constants'],
  ['type', 'Types'],
])
const kinds = [...titles.keys()]

/** The entry points of the package, as its manifest names them. */
export function entryPoints(): EntryPoint[] {
  const manifest: { name: string; exports: Record<string, { default?: string }> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  return Object.entries(manifest.exports).flatMap(([path, { default: built }]) => {
    if (built === undefined) return []
    const source = built.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts')
    const all = exportsOf(source)
    const own = new Set(all.map(({ name }) => name))
    const names = all
      .map(each => declared(each, name => own.has(name)))
      .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind))
    const name = manifest.name + path.slice(1)
    return [{ name, page: name.replace('/', '-'), source, names }]
  })
}

/** docs/api.md: every public name, and what it is. */
export function apiIndexPage(): string {
  return [
    '# The API',
    '',
    '<!-- Made from the docstrings in src by `npm run docs`. -->',
    '',
    'Every name that can be imported. What is not here is not public, and may change at any time.',
    '',
    ...entryPoints().flatMap(({ name, page, names }) => [
      `## ${name}`,
      '',
      ...kinds.flatMap(kind => indexOf(page, kind, names)),
    ]),
  ].join('\n')
}

function indexOf(page: string, kind: string, names: readonly Declared[]): string[] {
  const own = names.filter(each => each.kind === kind && !isDerived(each, names))
  if (own.length === 0) return []
  const row = ({ name, doc }: Declared) =>
    `| [\`${name}\`](api/${page}.md#${anchorOf(name)}) | ${cell(firstSentence(doc))} |`
  return [`| ${titles.get(kind)} | |`, '|---|---|', ...own.map(row), '']
}

/** docs/api/….md: an entry point, name by name. */
export function apiPage({ name, names }: EntryPoint): string {
  return [
    `# ${name}`,
    '',
    '<!-- Made from the docstrings in src by `npm run docs`. -->',
    '',
    `[All entry points](../api.md). Of a type that is written out here, the comments are its own.`,
    '',
    ...names.filter(each => !isDerived(each, names)).flatMap(each => section(each, names)),
  ].join('\n')
}

/** The types of an API's request and response, which its declaration has given already. */
export function isDerived({ name, kind }: Declared, names: readonly Declared[]): boolean {
  const api = /^(\w+)(Request|Response)$/.exec(name)?.[1]
  return kind === 'type' && names.some(each => each.name === api && each.kind === 'constant')
}

function section(each: Declared, names: readonly Declared[]): string[] {
  const { name, kind, signature, doc, members } = each
  const derived = names.filter(other => isDerived(other, [each]))
  const types = derived.map(other => `\`${other.name}\``).join(' and ')
  return [
    `## ${name}`,
    '',
    ...code(signature),
    ...prose(doc),
    ...(types ? [`Its messages as they are read: ${types}.`, ''] : []),
    ...(kind === 'class' ? members.flatMap(member => memberSection(name, member)) : []),
  ]
}

function memberSection(owner: string, { name, signature, doc, parts }: Member): string[] {
  if (name === 'constructor') return code(signature)
  if (!isCalled(name)) return []
  return [
    `### ${owner}.${name}`,
    '',
    ...code(signature),
    ...prose(doc),
    ...parts.flatMap(part => [...code(`${name}.${bareSignature(part)}`), ...prose(part.doc)]),
  ]
}

const bareSignature = ({ signature }: Member) => signature.replace(/^async /, '')

const code = (text: string) => ['```typescript', text, '```', '']

/** A docstring as Markdown: its examples become blocks of code. */
function prose(doc: string): string[] {
  if (doc === '') return []
  const [text = '', ...examples] = doc.split(/^@example\n/m)
  return [text.trim(), '', ...examples.flatMap(example => code(example.trim()))].filter(
    (line, i) => i > 0 || line !== '',
  )
}

/** Whole sentences, not cut at `e.g. ` or within code. */
function firstSentence(doc: string): string {
  const [paragraph = ''] = doc.split(/\n\n|^@example/m)
  const flat = paragraph.replaceAll('\n', ' ').trim()
  return /^(?:`[^`]*`|[^`])*?\.(?= |$)/.exec(flat)?.[0] ?? flat
}

const cell = (text: string) => text.replaceAll('|', '\\|')

/** As GitHub makes anchors of headings. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w -]/g, '')
}
