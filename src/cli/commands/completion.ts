import type { Command } from 'commander'
import { type Candidate, completionOf } from '../completion/candidates.ts'
import { namesOf, settingNames } from '../completion/names.ts'
import { FILES, type Shell, scripts, shells } from '../completion/scripts.ts'
import { UsageError } from '../exit.ts'
import { Output } from '../output.ts'
import { wholeCommandLine } from '../program.ts'

const examples = `
Examples:
  source <(posthaste completion bash)       # in ~/.bashrc
  source <(posthaste completion zsh)        # in ~/.zshrc, behind compinit
  posthaste completion fish > ~/.config/fish/completions/posthaste.fish

The script asks "posthaste completion words -- WORD…" at each press of the key, so that it knows
the commands of the version that is installed, and the topics and groups of the cluster that the
line names with -b or --command-config.`

/** As the scripts ask: not a shell, but what may follow these words. */
const WORDS = 'words'

export function declare(command: Command): void {
  command
    .argument('<shell>', 'bash, zsh or fish')
    .argument('[word...]', 'of a line, where the shell is "words"')
    .addHelpText('after', examples)
    .action(async (shell: string, words: string[]) => {
      const out = new Output(process.stdout)
      if (shell === WORDS) for (const each of await candidates(words)) out.line(lineOf(each))
      else if (isShell(shell)) out.text(scripts[shell])
      else throw new UsageError(`no completion for ${shell}`, `there is ${shells.join(', ')}`)
      await out.end()
    })
}

async function candidates(words: readonly string[]): Promise<readonly Candidate[]> {
  // Loading every command takes longer than a key should.
  const program = await wholeCommandLine(words.slice(0, -1))
  const completion = completionOf(program, words)
  const start = words.at(-1) ?? ''
  switch (completion.is) {
    case 'words':
      return completion.words
    case 'files':
      return [{ word: FILES, about: '' }]
    case 'settings':
      return settingNames(words).filter(({ word }) => word.startsWith(start))
    case 'topics':
    case 'groups': {
      const names = await namesOf(completion.is, program, words)
      return names.filter(name => name.startsWith(start)).map(word => ({ word, about: '' }))
    }
    case 'nothing':
      return []
  }
}

function lineOf({ word, about }: Candidate): string {
  // A description of several lines, or none, is still one line of the answer.
  const [first = ''] = about.split('\n')
  return first === '' ? word : `${word}\t${first}`
}

function isShell(name: string): name is Shell {
  return shells.some(shell => shell === name)
}
