/**
 * The code blocks of a document that are run:
 *
 * - ` ```ts `, ` ```js ` and ` ```sh ` are run in order, each as a program of its own, in one
 *   folder a document, against one embedded cluster and registry a document.
 * - They write `localhost:9092` and `http://localhost:8081`, in which the cluster's and registry's
 *   addresses are put; in what they print it is the other way round. `posthaste` in `sh` is the
 *   command line, which has both as its defaults. A program that ends with another code than 0, or
 *   a line of `sh` that does, fails the test.
 * - A ` ```text ` right behind such a block is what it prints to standard output, where `…` stands
 *   for anything.
 *
 * A comment right before a block says otherwise:
 *
 * - `<!-- not run: why -->` leaves it out.
 * - `<!-- file: NAME -->` saves it under that name, for the blocks after it, and does not run it.
 * - `<!-- setup`, code, `-->`: the code is run before the block, in the same program.
 */
export interface Block {
  /** Where its code begins in the document. */
  readonly line: number
  readonly language: string
  readonly code: string
  /** What it must print, where the document says so. */
  readonly output: string | undefined
  /** The file that it is saved as, in place of being run. */
  readonly file: string | undefined
}

const fence = new RegExp(
  [
    /(?:^<!-- (?<note>(?:(?!-->)[\s\S])*)-->\n+)?/,
    /^```(?<language>\w+)\n(?<code>[\s\S]*?)^```$/,
    /(?:\n+^```text\n(?<output>[\s\S]*?)^```$)?/,
  ]
    .map(part => part.source)
    .join(''),
  'gm',
)
const runnable = new Set(['ts', 'js', 'sh'])

/** The blocks that are run or saved, in order. Throws where a comment before one is not known. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = []
  for (const match of document.matchAll(fence)) {
    const { note = '', language = '', code = '', output } = match.groups!
    const at = match.index + match[0].indexOf('```')
    const line = document.slice(0, at).split('\n').length + 1
    const { file, setup, isLeftOut } = meaningOf(note.trim(), line)
    if (isLeftOut || (file === undefined && !runnable.has(language))) continue
    blocks.push({ line, language, code: setup + code, output, file })
  }
  return blocks
}

function meaningOf(note: string, line: number) {
  const [, word, rest = ''] = /^(file: |not run: |setup\n)([\s\S]+)$/.exec(note) ?? []
  if (note !== '' && word === undefined) throw new Error(`line ${line}: what is "${note}"?`)
  return {
    isLeftOut: word === 'not run: ',
    file: word === 'file: ' ? rest : undefined,
    setup: word === 'setup\n' ? `${rest}\n` : '',
  }
}

/** Whether a text is what a document shows, with anything for each `…`. */
export function isShown(shown: string, printed: string): boolean {
  const parts = shown
    .trim()
    .split('…')
    .map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('[\\s\\S]*')}$`).test(printed.trim())
}
