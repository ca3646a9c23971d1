import type { Command } from 'commander'
import { wholeCommandLine } from '../../src/cli/program.ts'

const program = await wholeCommandLine()

/** docs/cli-reference.md: what `--help` says, of every command. */
export function commandLinePage(): string {
  const head = [
    '# posthaste: every command',
    '',
    '<!-- Made by `npm run docs` from --help. -->',
    '',
  ]
  return [...head, ...sections(program, 'posthaste', 2)].join('\n')
}

function sections(command: Command, name: string, level: number): string[] {
  const own = [`${'#'.repeat(level)} ${name}`, '', '```text', helpOf(command), '```', '']
  const others = command.commands.filter(each => each.name() !== 'help')
  return [
    ...own,
    ...others.flatMap(each => sections(each, `${name} ${each.name()}`, Math.min(level + 1, 3))),
  ]
}

/** Without the common options, which the first section tells once. */
function helpOf(command: Command): string {
  let text = ''
  command
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: piece => {
        text += piece
      },
      getOutHelpWidth: () => 96,
      getOutHasColors: () => false,
    })
    .outputHelp()
  return text.trim()
}
