import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { extname, join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support/cache.ts'
import {
  isFunction,
  isNode,
  lineOf,
  type Node,
  parseSource,
  type Source,
  textOf,
} from './support/source.ts'

// A layer is a folder or a file of src; what it may import, besides itself. Arrows point down.
const core = [
  ...['base', 'wire', 'protocol', 'records'],
  ...['errors', 'events', 'operations', 'readings', 'logger', 'version'],
]
const client = [...core, 'net', 'cluster', 'serializers']
const layers: Readonly<Record<string, readonly string[]>> = {
  base: [],
  version: [],
  wire: ['base'],
  protocol: ['base', 'wire'],
  records: ['base', 'wire'],
  errors: ['protocol'],
  logger: ['base', 'errors'],
  events: ['errors'],
  operations: ['errors', 'events'],
  readings: ['events'],
  serializers: ['base', 'errors'],
  'canonical-json': ['errors', 'serializers'],
  net: ['base', 'wire', 'protocol', 'errors', 'events', 'logger', 'version'],
  cluster: [...core, 'net'],
  telemetry: [...core, 'net', 'cluster'],
  producer: [...client, 'telemetry'],
  consumer: [...client, 'telemetry'],
  admin: client,
  registry: ['base', 'errors', 'serializers'],
  'msk-iam': ['base', 'errors', 'net', 'version'],
  opentelemetry: [
    ...['base', 'errors', 'events', 'operations', 'readings'],
    ...['metrics', 'version'],
  ],
  metrics: ['base', 'errors', 'events', 'readings', 'index'],
  broker: [...core, 'net'],
  trace: [...core, 'index', 'broker'],
  dashboard: [...core, 'index', 'broker', 'trace'],
  embedded: ['net', 'broker'],
  // Where the two meet: a transaction over what the one reads and the other writes.
  'read-process-write': ['base', 'errors', 'operations', 'producer', 'consumer'],
  index: [...client, 'canonical-json', 'read-process-write', 'producer', 'consumer', 'admin'],
  // The doctor tries each address by itself, and asks what no public call asks.
  cli: [
    ...[...core, 'net', 'cluster', 'producer', 'consumer'],
    ...['index', 'broker', 'registry', 'metrics', 'trace', 'dashboard'],
  ],
}

// The one way up: what is loaded only when a program asks for a cluster of its own.
const door = { from: 'src/cluster/dial.ts', to: 'src/embedded.ts' }

// Who alone may use what the machine gives: time, chance, sockets.
const clock = /^src\/base\/(fake-)?clock\.ts$/
const time = /^(setTimeout|setInterval|setImmediate|Date\.now|performance|process\.hrtime)$/
const owners: readonly { readonly what: RegExp; readonly by: RegExp }[] = [
  { what: time, by: clock },
  {
    what: /^(node:timers|node:timers\/promises|node:perf_hooks)$/,
    by: clock,
  },
  { what: /^Math\.random$/, by: /^src\/base\/random\.ts$/ },
  { what: /^node:(net|tls|dgram)$/, by: /^src\/net\// },
  { what: /^node:https?$/, by: /^src\/(dashboard|metrics|registry)\// },
]

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root })
const tree = String(files)
  .split('\0')
  .filter(path => path && existsSync(join(root, path)))
const sources = tree.filter(path => /^(src|test|bench|scripts|examples|ui)\/.*\.tsx?$/.test(path))
const parsed = sources.map(parseSource)
const ours = parsed.filter(({ path }) => path.startsWith('src/'))

/** Fails with one line for each thing found. */
function none(found: readonly string[]): void {
  expect(found.join('\n')).toBe('')
}

/** Every node of every file for which `says` gives a complaint. */
function complaints(
  among: readonly Source[],
  says: (node: Node, source: Source, onLoad: boolean, parent?: Node) => string | false,
): string[] {
  return among.flatMap(source =>
    source.nodes.flatMap(({ node, parent, onLoad }) => {
      const complaint = says(node, source, onLoad, parent)
      return complaint ? `${source.path}:${lineOf(source, node)} ${complaint}` : []
    }),
  )
}

const layerOf = (path: string) => path.split('/')[1]!.replace(/\.ts$/, '')

test('imports point down only', () => {
  const found = ours.flatMap(({ path, imports }) => {
    const own = layerOf(path)
    const allowed = layers[own]
    if (!allowed) return `${path}: give the layer ${own} a row in the table of this test`
    return imports
      .filter(name => name.startsWith('.'))
      .map(name => posix.join(posix.dirname(path), name))
      .filter(target => layerOf(target) !== own && !allowed.includes(layerOf(target)))
      .filter(target => path !== door.from || target !== door.to)
      .map(target => `${path} imports ${target}`)
  })
  none(found)
})

test('the embedded cluster is behind a door that opens when it is asked for', () => {
  const { text } = ours.find(({ path }) => path === door.from)!
  expect(text).toContain("await import('../embedded.ts')")
  expect(text).not.toMatch(/^import .*embedded\.ts/m)
})

test('Node.js modules are imported under node:, and packages are declared', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { dependencies, optionalDependencies, peerDependencies } = manifest
  const declared = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  const found = ours.flatMap(({ path, imports }) =>
    imports
      .filter(name => !name.startsWith('.') && !name.startsWith('node:'))
      .filter(name => builtinModules.includes(name) || !declared.includes(packageOf(name)))
      .map(name => `${path} imports ${name}`),
  )
  none(found)
})

const packageOf = (name: string) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name

test('time, chance and sockets have one owner each', () => {
  const imported = ours.flatMap(({ path, imports, onlyTypes }) =>
    imports
      .filter(name => !onlyTypes.has(name))
      .filter(name => owners.some(({ what, by }) => what.test(name) && !by.test(path)))
      .map(name => `${path}: ${name}`),
  )
  const used = complaints(ours, (node, source, _, parent) => {
    const name = usedName(node, source, parent)
    return owners.some(({ what, by }) => what.test(name) && !by.test(source.path)) && name
  })
  none([...imported, ...used])
})

/** `setTimeout`, `Date.now`; nothing for a name that is only a property of something else. */
function usedName(node: Node, source: Source, parent?: Node): string {
  if (node.type === 'NewExpression' && textOf(source, node) === 'new Date()') return 'Date.now'
  if (node.type === 'MemberExpression') return textOf(source, node).replace(/^globalThis\./, '')
  const isProperty = parent?.property === node || parent?.key === node
  return node.type === 'Identifier' && !isProperty ? textOf(source, node) : ''
}

test('files have at most 500 lines, lines 100 columns', () => {
  const tables = ['src/protocol/errors.ts']
  const long = parsed.filter(({ path, lines }) => lines.length > 501 && !tables.includes(path))
  const wide = parsed.flatMap(source =>
    withoutStrings(source)
      .split('\n')
      .flatMap((line, i) => (line.length > 100 ? `${source.path}:${i + 1}` : [])),
  )
  none([...long.map(({ path, lines }) => `${path} has ${lines.length} lines`), ...wide])
})

/** A string or an address cannot always be broken; what stands around it counts. */
function withoutStrings({ text, nodes }: Source): string {
  const strings = nodes
    .filter(({ node }) => /^(Literal|TemplateElement)$/.test(node.type))
    .toSorted((a, b) => a.node.start - b.node.start)
  let rest = ''
  let from = 0
  for (const { node } of strings) {
    rest += text.slice(from, node.start) + text.slice(node.start, node.end).replace(/[^\n]/g, '')
    from = node.end
  }
  return (rest + text.slice(from)).replace(/https?:\/\/\S+/g, '')
}

test('functions have at most 70 lines', () => {
  const found = complaints(parsed, (node, source) => {
    if (!isFunction(node) || isHeading(textOf(source, node))) return false
    const length = textOf(source, node).split('\n').length
    return length > 70 && `a function of ${length} lines`
  })
  none(found)
})

/** A function that has tests in it is a heading over them rather than a function. */
const isHeading = (text: string) => /^ +(test|it|describe)\w*(\.\w+)*[(<]/m.test(text)

test('no check is switched off', () => {
  const off = /@ts-(ignore|expect-error|nocheck)|(biome|eslint|c8|v8|istanbul)[- ](ignore|disable)/
  const comments = parsed.flatMap(({ path, comments }) =>
    comments.filter(comment => off.test(comment)).map(comment => `${path}: ${comment.trim()}`),
  )
  const types = complaints(parsed, node => {
    if (node.type === 'TSAnyKeyword') return 'any'
    return isCast(node) && isCast(node.expression) && 'a cast of a cast'
  })
  none([...comments, ...types])
})

const isCast = (node: unknown) => isNode(node) && node.type === 'TSAsExpression'

test('no module of src waits while it loads', () => {
  const found = complaints(ours, (node, source, onLoad) => {
    const waits = node.type === 'AwaitExpression' || textOf(source, node).startsWith('for await')
    return onLoad && waits && 'top-level await'
  })
  none(found)
})

test('nothing is left for later, and nothing names a folder of one machine', () => {
  const later = ['TO', 'FIX'].map((start, i) => start + ['DO', 'ME'][i])
  const machine = ['work', 'tmp', 'root', 'farm', 'home'].join('|')
  const left = new RegExp(`\\b(${later.join('|')})\\b|(?<![\\w.\\-})*])/(${machine})/\\w`)
  const text = tree.filter(path => !['.wasm', '.bin', '.png'].includes(extname(path)))
  const found = text.flatMap(path =>
    readFileSync(join(root, path), 'utf8')
      .split('\n')
      .flatMap((line, i) =>
        left.test(line) ? `${path}:${i + 1} ${line.trim().slice(0, 80)}` : [],
      ),
  )
  none(found.filter(place => !place.startsWith('package-lock.json')))
})
