#!/usr/bin/env node
import { CommanderError } from 'commander'
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
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    }
    process.stderr.write(`posthaste: ${wordsOf(error, program.opts().verbose === true)}\n`)
    return exitCodeOf(error)
  }
}

/** `help produce` as `produce --help`, since a command is only complete once it is called. */
function helpLast(argv: readonly string[]): string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : [...argv]
}

/** Whether what was printed got lost, as on a full disk: then the command has not succeeded. */
let isOutputLost = false

// Standard error that nobody reads is no reason to stop; standard output is: `posthaste … | head`.
process.stderr.on('error', () => {})
process.stdout.on('error', error => {
  if ('code' in error && error.code === 'EPIPE') return
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
