import type { Argument, Command, Option } from 'commander'

/** A word that may stand next, and what it means. */
export interface Candidate {
  readonly word: string
  readonly about: string
}

/** What may stand next: words, or a kind of thing whose names are known elsewhere. */
export type Completion =
  | { readonly is: 'words'; readonly words: readonly Candidate[] }
  | { readonly is: 'files' }
  | { readonly is: 'topics' }
  | { readonly is: 'groups' }
  | { readonly is: 'settings' }
  | { readonly is: 'nothing' }

const NOTHING: Completion = { is: 'nothing' }

/** What stands between `<` and `>` in the help, and what it is the name of. */
const kinds: Readonly<Record<string, Completion>> = {
  file: { is: 'files' },
  topic: { is: 'topics' },
  group: { is: 'groups' },
  'key=value': { is: 'settings' },
  codec: wordsOf('none', 'gzip', 'snappy', 'lz4', 'zstd'),
  acks: wordsOf('all', '1', '0'),
  level: wordsOf('read_uncommitted', 'read_committed'),
  shell: wordsOf('bash', 'zsh', 'fish'),
}

/**
 * What may stand in place of the last word, which may be empty or half a word, behind the words
 * before it. All of it is read from the table of commands; what does not begin like the last word
 * is left out.
 */
export function completionOf(program: Command, words: readonly string[]): Completion {
  const { command, position, asked } = walk(program, words.slice(0, -1))
  const current = words.at(-1) ?? ''
  if (asked) return beginning(current, kindOf(asked.argChoices, valueName(asked), asked.long))
  if (current.startsWith('-')) return beginning(current, optionsOf(program, command))
  if (command.commands.length > 0) return beginning(current, commandsOf(command))
  const argument = argumentAt(command, position)
  if (!argument) return NOTHING
  return beginning(current, kindOf(argument.argChoices, argument.name(), nounOf(command)))
}

interface Place {
  readonly command: Command
  /** How many arguments of the command stand before. */
  readonly position: number
  /** The option whose value is to come. */
  readonly asked: Option | undefined
}

function walk(program: Command, words: readonly string[]): Place {
  let command = program
  let position = 0
  let asked: Option | undefined
  for (const word of words) {
    if (asked) {
      asked = undefined
    } else if (word.startsWith('-') && word !== '-') {
      asked = optionNamed(program, command, word)
    } else {
      const next = command.commands.find(each => each.name() === word)
      position = next ? 0 : position + 1
      command = next ?? command
    }
  }
  return { command, position, asked }
}

/** The option of that name, if a value has to follow it. */
function optionNamed(program: Command, command: Command, word: string): Option | undefined {
  const found = [...command.options, ...program.options].find(each => isCalled(each, word))
  return found?.required ? found : undefined
}

export function isCalled({ short, long }: Option, word: string): boolean {
  return word === short || word === long
}

function optionsOf(program: Command, command: Command): Completion {
  const all = new Set([...command.options, ...program.options])
  const words = [...all].map(each => ({
    word: each.long ?? each.short ?? '',
    about: each.description,
  }))
  return { is: 'words', words: [...words, { word: '--help', about: 'print this help' }] }
}

function commandsOf(command: Command): Completion {
  const words = command.commands.map(each => ({ word: each.name(), about: each.description() }))
  return { is: 'words', words }
}

/** The argument at a place; the last one may stand for all that follow. */
function argumentAt(command: Command, position: number): Argument | undefined {
  const { registeredArguments } = command
  const last = registeredArguments.at(-1)
  return registeredArguments[position] ?? (last?.variadic ? last : undefined)
}

/** `--key-schema <file>`: file. */
function valueName({ flags }: Option): string {
  return /[<[]([^>\].…]+)/.exec(flags)?.[1] ?? ''
}

/** In `topics describe NAME` a name is that of a topic; but not where it is a new one. */
function nounOf(command: Command): string {
  return command.name() === 'create' ? '' : (command.parent?.name() ?? '')
}

function kindOf(
  choices: readonly string[] | undefined,
  name: string,
  context: string | undefined,
): Completion {
  if (choices) return wordsOf(...choices)
  if (name === 'name' && /^(--topic|topics)$/.test(context ?? '')) return { is: 'topics' }
  if (/^(name|group)$/.test(name) && context === 'groups') return { is: 'groups' }
  return kinds[name] ?? NOTHING
}

function wordsOf(...words: readonly string[]): Completion {
  return { is: 'words', words: words.map(word => ({ word, about: '' })) }
}

function beginning(start: string, completion: Completion): Completion {
  if (completion.is !== 'words') return completion
  return { is: 'words', words: completion.words.filter(({ word }) => word.startsWith(start)) }
}
