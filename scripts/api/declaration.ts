import { isFunction, type Node } from '../../test/support/source.ts'
import { bare, type Exported, find } from './exports.ts'
import { childOf, docOf, type Module, nameOf, nodesOf } from './module.ts'

/** A public name of a class, an interface or a type of an object. */
export interface Member {
  readonly name: string
  readonly signature: string
  readonly doc: string
  /** Where it holds an object of a class that has no public name: that class's members. */
  readonly parts: readonly Member[]
}

export interface Declared {
  readonly name: string
  readonly kind: 'class' | 'function' | 'constant' | 'type'
  /** As written, without bodies. */
  readonly signature: string
  readonly doc: string
  readonly members: readonly Member[]
  /** The file that declares it. */
  readonly path: string
}

/** What something public is; `isPublic` says which classes are public by themselves. */
export function declared(
  { name, module, nodes }: Exported,
  isPublic: (className: string) => boolean,
): Declared {
  const doc = nodes.map(node => docOf(module, node)).find(each => each !== '') ?? ''
  const all = nodes.map(bare)
  const node = all.find(each => each.type === 'ClassDeclaration') ?? all[0]!
  const common = { name, doc, path: module.path }
  if (node.type === 'ClassDeclaration') {
    const { start } = childOf(node, 'body')
    const members = classMembers(module, node, isPublic)
    return { ...common, kind: 'class', signature: cut(module, node.start, start), members }
  }
  if (node.type === 'VariableDeclaration') {
    const signature = constant(module, node, name)
    return { ...common, kind: 'constant', signature, members: [] }
  }
  if (node.type.startsWith('TS') && node.type !== 'TSDeclareFunction') {
    const signature = cut(module, node.start, node.end)
    return { ...common, kind: 'type', signature, members: typeMembers(module, node) }
  }
  const signature = signatures(module, all).join('\n')
  return { ...common, kind: 'function', signature, members: [] }
}

/** Overloads without the signature that they share with the body; or that one, if it is alone. */
function signatures(module: Module, nodes: readonly Node[]): string[] {
  const overloads = nodes.filter(node => nodesOf(node.body).length === 0)
  return (overloads.length > 0 ? overloads : nodes).map(node => head(module, node))
}

/** A function up to its body. */
function head(module: Module, node: Node): string {
  const [body] = nodesOf(node.body)
  return cut(module, node.start, body?.start ?? node.end)
}

function constant(module: Module, statement: Node, name: string): string {
  const node = nodesOf(statement.declarations).find(each => nameOf(childOf(each, 'id')) === name)!
  const id = childOf(node, 'id')
  const [type] = nodesOf(id.typeAnnotation)
  const [value] = nodesOf(node.init)
  if (type || !value || !isFunction(value)) return `const ${cut(module, id.start, id.end)}`
  const params = cut(module, value.start, childOf(value, 'body').start).replace(/\s*=>$/, '')
  return `const ${name} = ${params} => …`
}

function classMembers(
  module: Module,
  node: Node,
  isPublic: (className: string) => boolean,
): Member[] {
  const members = new Map<string, Member>()
  for (const each of nodesOf(childOf(node, 'body').body)) {
    const key = nodesOf(each.key)[0]
    const isHidden = each.accessibility === 'private' || each.accessibility === 'protected'
    if (!key || isHidden || key.type === 'PrivateIdentifier') continue
    const name = each.computed ? `[${textAt(module, key)}]` : nameOf(key)
    const value = nodesOf(each.value)[0]
    const hasBody = each.type === 'MethodDefinition' && nodesOf(value?.body).length > 0
    const known = members.get(name)
    // What has the body is the overloads' own affair.
    if (known && hasBody && each.kind !== 'set') continue
    const end = each.type === 'MethodDefinition' ? nodesOf(value?.body)[0]?.start : endOf(each)
    const own = cut(module, each.start, end ?? each.end).replace(/;$/, '')
    members.set(name, {
      name,
      signature: known ? `${known.signature}\n${own}` : own,
      doc: known?.doc || docOf(module, each),
      parts: partsOf(module, each, isPublic),
    })
  }
  return [...members.values()]
}

/** The members behind `readonly topics: Topics`, where `Topics` is a class of ours. */
function partsOf(module: Module, property: Node, isPublic: (name: string) => boolean): Member[] {
  const annotation = nodesOf(property.typeAnnotation)[0]
  const [type] = nodesOf(annotation?.typeAnnotation)
  if (property.type !== 'PropertyDefinition' || type?.type !== 'TSTypeReference') return []
  const name = textAt(module, type)
  if (isPublic(name)) return []
  const found = find(module, name)
  const declaration = found?.nodes.map(bare).find(each => each.type === 'ClassDeclaration')
  if (!found || !declaration) return []
  return classMembers(found.module, declaration, isPublic).filter(each => isCalled(each.name))
}

/** Whether users write the name: not what the language calls, or only this package. */
export function isCalled(name: string): boolean {
  return !/^(\[.*\]|constructor)$/.test(name)
}

/** A property up to its value, where it has a type; what its value tells is left to be read. */
function endOf(property: Node): number {
  const key = childOf(property, 'key')
  const [type] = nodesOf(property.typeAnnotation)
  const [value] = nodesOf(property.value)
  if (type) return type.end
  return value?.type === 'Literal' || value?.type === 'NewExpression' ? value.end : key.end
}

function typeMembers(module: Module, node: Node): Member[] {
  const [body] = nodesOf(node.body ?? node.typeAnnotation)
  const members = nodesOf(body?.body ?? body?.members)
  return members.flatMap(each => {
    const [key] = nodesOf(each.key)
    if (!key) return []
    const name = textAt(module, key)
    return [{ name, signature: textAt(module, each), doc: docOf(module, each), parts: [] }]
  })
}

const textAt = ({ text }: Module, { start, end }: Node) => text.slice(start, end)

/** A piece of the source, less what it is indented by. */
function cut({ text }: Module, start: number, end: number): string {
  const line = text.lastIndexOf('\n', start) + 1
  const indent = /^\s*/.exec(text.slice(line))![0]
  return text.slice(start, end).trim().replaceAll(`\n${indent}`, '\n')
}
