import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'
import { root } from './cache.ts'

/** A node of the syntax tree (ESTree), with the offsets of its text. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [child: string]: unknown
}

/** A source file, parsed. `path` is relative to the repository's root. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly comments: readonly string[]
  /** What it imports and re-exports, as written, types too. */
  readonly imports: readonly string[]
  /** Those of them from which only types are taken. */
  readonly onlyTypes: ReadonlySet<string>
  readonly nodes: readonly Visited[]
}

export interface Visited {
  readonly node: Node
  readonly parent: Node | undefined
  /** Whether it lies in no function, and so runs while the module loads. */
  readonly onLoad: boolean
}

export function parseSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const { program, module, comments, errors } = parseSync(path, text, { preserveParens: false })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const asked = module.staticImports.map(({ moduleRequest }) => moduleRequest)
  const passedOn = module.staticExports.flatMap(({ entries }) => entries.map(e => e.moduleRequest))
  const later = module.dynamicImports.map(({ moduleRequest: { start, end } }) => {
    return { value: text.slice(start + 1, end - 1) }
  })
  const types = module.staticImports.filter(({ entries }) => entries.every(e => e.isType))
  return {
    path,
    text,
    lines: text.split('\n'),
    comments: comments.map(comment => comment.value),
    imports: [...asked, ...passedOn, ...later].flatMap(request => request?.value ?? []),
    onlyTypes: new Set(types.map(({ moduleRequest }) => moduleRequest.value)),
    nodes: [...visit(program, undefined, true)],
  }
}

/** The text of a node. */
export function textOf(source: Source, node: Node): string {
  return source.text.slice(node.start, node.end)
}

/** The number of the line, from 1, where a node begins. */
export function lineOf(source: Source, node: Node): number {
  return source.text.slice(0, node.start).split('\n').length
}

export function isFunction({ type }: Node): boolean {
  return /^(ArrowFunctionExpression|FunctionDeclaration|FunctionExpression)$/.test(type)
}

function* visit(value: unknown, parent: Node | undefined, onLoad: boolean): Generator<Visited> {
  if (Array.isArray(value)) {
    for (const one of value) yield* visit(one, parent, onLoad)
  } else if (isNode(value)) {
    yield { node: value, parent, onLoad }
    const inside = onLoad && !isFunction(value)
    for (const child of Object.values(value)) yield* visit(child, value, inside)
  }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
