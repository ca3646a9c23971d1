import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Those of the named commands that are not on the PATH. */
export function missingTools(...tools: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return tools.filter(tool => !folders.some(folder => isExecutable(join(folder, tool))))
}

/**
 * Whether tests that need these commands must be skipped. With `CI=true` it throws instead: there
 * nothing may be skipped.
 *
 * @example
 * describe.skipIf(lacks('java', 'mvn'))('a real broker', () => { … })
 */
export function lacks(...tools: readonly string[]): boolean {
  const missing = missingTools(...tools)
  if (missing.length > 0 && process.env.CI === 'true') {
    throw new Error(`CI=true needs ${tools.join(', ')}; not found: ${missing.join(', ')}`)
  }
  return missing.length > 0
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
