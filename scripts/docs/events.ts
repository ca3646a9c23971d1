import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'vite'

const path = 'src/events.ts'
const root = join(import.meta.dirname, '..', '..')

interface Row {
  readonly name: string
  readonly about: string
  readonly fields: readonly string[]
}

/** docs/events.md: every event with what it tells, from the declarations in src/events.ts. */
export function eventsPage(): string {
  const source = new Source()
  const rows = source.rowsOf('Events')
  return [
    '# Events',
    '',
    '<!-- Made from src/events.ts by `npm run docs`. -->',
    '',
    'Clients and the embedded cluster tell what they do, over channels of `node:diagnostics_channel`',
    'named `posthaste:` and the name of the event. It costs nothing while nobody listens.',
    '',
    'Each event also has `source` (`instance`, `clientId`: who tells it) and `at` (milliseconds of a',
    'monotonic clock, for the distance between events).',
    '',
    '```js',
    "import { listen } from 'posthaste'",
    '',
    "const stop = listen('batch:settled', batch => console.log(batch.topic, batch.records, batch.baseOffset))",
    'stop()',
    '```',
    '',
    '| event | when | tells |',
    '|---|---|---|',
    ...rows.map(({ name, about, fields }) => `| \`${name}\` | ${about} | ${fields.join(', ')} |`),
    '',
  ].join('\n')
}

type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>

/** The declarations of the file, as a syntax tree. */
class Source {
  readonly #text = readFileSync(join(root, path), 'utf8')
  readonly #program = parseSync(path, this.#text)

  /** The members of an interface. */
  rowsOf(name: string): Row[] {
    return this.#members(name).map(member => ({
      name: this.#nameOf(member),
      about: this.#aboutOf(member),
      fields: this.#fieldsOf(child(child(member, 'typeAnnotation'), 'typeAnnotation')),
    }))
  }

  #members(name: string): Node[] {
    for (const statement of this.#program.program.body) {
      const outer = asNode(statement)
      const declared = outer.type === 'ExportNamedDeclaration' ? child(outer, 'declaration') : outer
      if (declared.type !== 'TSInterfaceDeclaration') continue
      if (this.#nameOf(declared, 'id') === name) return children(child(declared, 'body'), 'body')
    }
    throw new Error(`${path} has no interface ${name}`)
  }

  /** The names of a type's fields: of a literal, a name, or several of them joined by `&`. */
  #fieldsOf(type: Node): string[] {
    if (type.type === 'TSIntersectionType') {
      return children(type, 'types').flatMap(each => this.#fieldsOf(each))
    }
    const members =
      type.type === 'TSTypeLiteral'
        ? children(type, 'members')
        : this.#members(this.#nameOf(type, 'typeName'))
    return members.map(each => `\`${this.#nameOf(each)}${each.optional ? '?' : ''}\``)
  }

  #nameOf(node: Node, key = 'key'): string {
    const { start, end } = child(node, key)
    return this.#text.slice(start, end).replaceAll("'", '')
  }

  /** The comment that ends right before a member. */
  #aboutOf({ start }: Node): string {
    const comment = this.#program.comments.findLast(({ end }) => end <= start)
    if (!comment || this.#text.slice(comment.end, start).trim() !== '') {
      throw new Error(`${path}: an event without words at ${this.#text.slice(start, start + 40)}`)
    }
    return comment.value
      .replace(/^\*|\n\s*\*/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
  }
}

function child(node: Node, key: string): Node {
  return asNode(node[key])
}

function children(node: Node, key: string): Node[] {
  const found = node[key]
  return Array.isArray(found) ? found.map(asNode) : []
}

function asNode(value: unknown): Node {
  if (typeof value !== 'object' || value === null || !('type' in value)) {
    throw new Error(`${path} is not as it is read here`)
  }
  return value as Node
}
