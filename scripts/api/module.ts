import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'vite'
import { isNode, type Node } from '../../test/support/source.ts'

export const root = join(import.meta.dirname, '..', '..')

/** A file of src: its statements, and the comment before each of its nodes. */
export interface Module {
  /** Relative to the repository's root. */
  readonly path: string
  readonly text: string
  readonly body: readonly Node[]
  readonly comments: ReturnType<typeof parseSync>['comments']
}

const modules = new Map<string, Module>()

/** The file at a path, parsed once. */
export function moduleAt(path: string): Module {
  const known = modules.get(path)
  if (known) return known
  const text = readFileSync(join(root, path), 'utf8')
  const { program, comments } = parseSync(path, text, { preserveParens: false })
  const module = { path, text, body: nodesOf(program.body), comments }
  modules.set(path, module)
  return module
}

/** The file that `./x.ts` means in another. */
export function resolved(from: Module, specifier: string): Module {
  return moduleAt(posix.join(posix.dirname(from.path), specifier))
}

/** The docstring right before a node, without its stars; '' where there is none. */
export function docOf({ text, comments }: Module, node: Node): string {
  const found = comments.find(
    ({ type, value, end }) =>
      type === 'Block' &&
      value.startsWith('*') &&
      end <= node.start &&
      text.slice(end, node.start).trim() === '',
  )
  return plain(found?.value ?? '')
}

function plain(comment: string): string {
  const lines = comment.replace(/^\*/, '').split('\n')
  return lines
    .map(line => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()
}

export const nodesOf = (value: unknown): Node[] =>
  Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : []

/** The child of a node under a name. Throws where there is none. */
export function childOf(node: Node, name: string): Node {
  const [child] = nodesOf(node[name])
  if (!child) throw new Error(`a ${node.type} without ${name}`)
  return child
}

/** What an identifier is called. */
export function nameOf(node: Node): string {
  const name = node.name ?? node.value
  if (typeof name !== 'string') throw new Error(`a ${node.type} without a name`)
  return name
}

/** The text of a string literal. */
export function literal(node: Node | undefined): string | undefined {
  return typeof node?.value === 'string' ? node.value : undefined
}
