import type { Node } from '../../test/support/source.ts'
import { childOf, literal, type Module, moduleAt, nameOf, nodesOf, resolved } from './module.ts'

/** Something public: its name, and where it is declared. */
export interface Exported {
  readonly name: string
  readonly module: Module
  /** The statement that declares it. A function with overloads has several. */
  readonly nodes: readonly Node[]
}

/** Everything that a file exports, its own and what it passes on, by name. */
export function exportsOf(path: string): Exported[] {
  const all = new Map([...own(moduleAt(path))].map(each => [each.name, each]))
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function* own(module: Module): Generator<Exported> {
  for (const node of module.body) {
    if (node.type === 'ExportAllDeclaration') {
      yield* own(resolved(module, literal(childOf(node, 'source'))!))
    } else if (node.type === 'ExportNamedDeclaration') {
      yield* named(module, node)
    }
  }
}

function* named(module: Module, node: Node): Generator<Exported> {
  const [declaration] = nodesOf(node.declaration)
  if (declaration) {
    for (const name of declaredNames(declaration)) yield required(module, name, name)
  }
  const [source] = nodesOf(node.source)
  for (const specifier of nodesOf(node.specifiers)) {
    const name = nameOf(childOf(specifier, 'exported'))
    const local = nameOf(childOf(specifier, 'local'))
    const from = source ? resolved(module, literal(source)!) : module
    yield required(from, local, name)
  }
}

function required(module: Module, local: string, name: string): Exported {
  const found = find(module, local)
  if (found) return { ...found, name }
  throw new Error(`${module.path}: where is ${local} declared?`)
}

/** What a name means in a file: declared there, imported, or passed on; undefined for others. */
export function find(module: Module, local: string): Exported | undefined {
  const nodes = module.body.filter(node => declaredNames(bare(node)).includes(local))
  if (nodes.length > 0) return { name: local, module, nodes }
  for (const node of module.body) {
    if (node.type === 'ImportDeclaration' || node.type === 'ExportNamedDeclaration') {
      const origin = passedOn(module, node, local)
      if (origin) return origin
    }
    if (node.type === 'ExportAllDeclaration') {
      const from = resolved(module, literal(childOf(node, 'source'))!)
      const found = exportsOf(from.path).find(each => each.name === local)
      if (found) return found
    }
  }
  return undefined
}

function passedOn(module: Module, node: Node, local: string): Exported | undefined {
  const specifier = literal(nodesOf(node.source)[0])
  if (!specifier?.startsWith('.')) return undefined
  for (const each of nodesOf(node.specifiers)) {
    const isImport = each.type === 'ImportSpecifier'
    if (!isImport && each.type !== 'ExportSpecifier') continue
    if (nameOf(childOf(each, isImport ? 'local' : 'exported')) !== local) continue
    const there = nameOf(childOf(each, isImport ? 'imported' : 'local'))
    return find(resolved(module, specifier), there)
  }
  return undefined
}

/** A declaration without its `export`. */
export function bare(node: Node): Node {
  return nodesOf(node.declaration)[0] ?? node
}

const declaring = new Set([
  'ClassDeclaration',
  'FunctionDeclaration',
  'TSDeclareFunction',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
])

function declaredNames(node: Node): string[] {
  if (node.type === 'VariableDeclaration') {
    return nodesOf(node.declarations).map(each => nameOf(childOf(each, 'id')))
  }
  return declaring.has(node.type) ? [nameOf(childOf(node, 'id'))] : []
}
