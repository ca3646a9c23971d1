import type { Command } from 'commander'
import type { ItemResult } from '../index.ts'
import { type Admin, adminOptions, consumerOptions, producerOptions } from '../index.ts'
import { contact } from './contact.ts'
import { exitCodes } from './exit.ts'
import { Output } from './output.ts'
import { type CommonFlags, settingsFor } from './settings.ts'
import { type Column, table, widthOf } from './table.ts'

/** What a subcommand that looks after a cluster works with. */
export interface Work<F extends CommonFlags> {
  readonly admin: Admin
  /** The arguments that are no options. */
  readonly names: readonly string[]
  readonly flags: F
  readonly out: Output
}

/**
 * An action for commander: looks at what was asked, connects, runs the subcommand, and makes its
 * answer the exit code.
 */
export function withAdmin<F extends CommonFlags>(
  run: (work: Work<F>) => Promise<number>,
  check?: (flags: F, names: readonly string[]) => void,
) {
  return async function action(this: Command): Promise<void> {
    const flags = this.optsWithGlobals<F>()
    const names = this.args
    check?.(flags, names)
    const others = { ...producerOptions, ...consumerOptions }
    const settings = settingsFor(adminOptions, flags, {}, others)
    const out = new Output(process.stdout)
    using admin = await contact(settings)
    process.exitCode = await run({ admin, names, flags, out })
    await out.end()
  }
}

/** Prints rows as a table that fits into the terminal. */
export function printTable(
  out: Output,
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): void {
  for (const line of table(columns, rows, widthOf(process.stdout))) out.line(line)
}

/** How results are told. */
export interface Telling {
  readonly flags: CommonFlags
  readonly out: Output
  /** What was done, such as `created`. */
  readonly done: string
  /** An error that is as good as success. */
  readonly pardoned?: string | undefined
}

/** Says what became of each item: successes on standard output, failures on standard error. */
export function told<Item extends { readonly name: string }>(
  results: readonly ItemResult<unknown, Item>[],
  { flags, out, done, pardoned }: Telling,
): number {
  let code: number = exitCodes.done
  for (const result of results) {
    const { name } = result
    const error = result.is === 'failed' ? result.error : undefined
    const isFailure = error !== undefined && error.code !== pardoned
    const outcome = error === undefined ? done : isFailure ? 'failed' : 'unchanged'
    if (isFailure) {
      complain(error)
      code = exitCodes.failed
    }
    if (flags.json) out.json({ name, outcome, ...(isFailure && { code: error.code }) })
    else if (!isFailure && !flags.quiet) out.line(`${outcome} ${name}`)
  }
  return code
}

/** A failure that does not end the command. */
export function complain(error: Error): void {
  process.stderr.write(`posthaste: ${error.message}\n`)
}
