import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * The first line that a program just started says, which tells that it is at work. Rejects if the
 * program ends without one: nobody should wait for what never comes.
 */
export function firstLine(program: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: program.stdout! }).once('line', resolve)
    program.once('error', reject)
    // Only when its output has been read, too.
    program.once('close', (code, signal) => {
      reject(new Error(`a program ended with ${signal ?? code} before it said a line`))
    })
  })
}
