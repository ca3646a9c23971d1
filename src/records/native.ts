import { createRequire } from 'node:module'

let forbidden = process.env.POSTHASTE_NO_NATIVE === '1'

/**
 * Makes everything work without native code, as the environment variable POSTHASTE_NO_NATIVE=1
 * does. Tests hold both ways against each other by it.
 */
export function forbidNatives(forbid: boolean): void {
  forbidden = forbid
}

/**
 * An optional native package, loaded when it is first asked for; null where it isn't installed,
 * has no build for this platform, or fails `works`, since a wrong checksum is worse than a slow
 * one. The name goes through a `require` made at run time, so a bundler leaves it alone.
 */
export function optionalNative<T>(name: string, works: (native: T) => boolean): () => T | null {
  let loaded: T | null | undefined
  return () => {
    if (forbidden) return null
    if (loaded === undefined) loaded = loadWorking(name, works)
    return loaded
  }
}

function loadWorking<T>(name: string, works: (native: T) => boolean): T | null {
  try {
    const native = requireOptional<T>(name)
    return native !== null && works(native) ? native : null
  } catch {
    return null
  }
}

/** A package that may not be installed; null then. What it exports is taken on trust. */
export function requireOptional<T>(name: string): T | null {
  try {
    const loaded: T = createRequire(import.meta.url)(name)
    return loaded
  } catch {
    return null
  }
}
