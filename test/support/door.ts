import { inject } from 'vitest'

/** Asks for something that the whole run has once, and waits until it is there. */
export async function askAtDoor(what: 'kafka' | 'package'): Promise<string> {
  const response = await fetch(`${inject('door')}/${what}`)
  const text = await response.text()
  if (!response.ok) throw new Error(`there is no ${what} for this run: ${text}`)
  return text
}

/**
 * The folder of the package as it is shipped, built once for the run from the sources as they are
 * now. It is shared: leave it as it is.
 */
export function sharedPackage(): Promise<string> {
  return askAtDoor('package')
}
