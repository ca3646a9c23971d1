#!/usr/bin/env node
import { type Command, CommanderError } from 'commander'
import { systemClock } from '../base/clock.ts'
import { exitCodeOf, exitCodes, wordsOf } from './exit.ts'
import { commandLine } from './program.ts'

/** Runs a command line and gives its exit code; nothing is thrown. */
async function run(argv: readonly string[]): Promise<number> {
  const program = commandLine()
  try {
    await program.parseAsync(helpLast(argv), { from: 'user' })
    return Number(process.exitCode ?? exitCodes.done)
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done
      // Where the help itself was printed, nothing need be said of it.
      if (error.code !== 'commander.help') tellOfHelp(program, argv)
      return exitCodes.usage
    }
    process.stderr.write(`posthaste: ${wordsOf(error, program.opts().verbose === true)}\n`)
    return exitCodeOf(error)
  }
}

/** `help produce` as `produce --help`, since a command is only complete once it is called. */
function helpLast(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv]
}

/** Names the help of the command that was called, or meant, as far as it is one. */
function tellOfHelp(program: Command, argv: readonly string[]): void {
  let command = program
  const names = [program.name()]
  for (const word of argv) {
    const found = command.commands.find(each => each.name() === word)
    if (found === undefined) continue
    command = found
    names.push(word)
  }
  process.stderr.write(`${names.join(' ')} --help tells more\n`)
}

/** Whether what was printed got lost, as on a full disk: then the command has not succeeded. */
let isOutputLost = false

// Standard error that nobody reads is no reason to stop; standard output is: `posthaste … | head`.
process.stderr.on('error', () => {})
process.stdout.on('error', error => {
  if (isOutputLost || ('code' in error && error.code === 'EPIPE')) return
  process.stderr.write(`posthaste: standard output: ${error.message}\n`)
  isOutputLost = true
})

run(process.argv.slice(2)).then(code => {
  // What was written may still be on its way into a pipe.
  process.stdout.write('', () => {
    // The error of a write is told of a moment behind its callback.
    systemClock.soon(() => {
      process.exit(isOutputLost && code === exitCodes.done ? exitCodes.failed : code)
    })
  })
})
