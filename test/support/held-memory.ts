/**
 * The memory of this process: `rss`, what the system has given it, and `held`, what it holds after
 * a collection, on the heap and in buffers outside of it. The two differ by what V8 has not
 * collected or not given back yet, which says nothing of the program and changes by tens of
 * megabytes from run to run. Needs `node --expose-gc`.
 */
export function heldMemory(): { readonly rss: number; readonly held: number } {
  if (!globalThis.gc) throw new Error('run this program with node --expose-gc')
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, held: heapUsed + external }
}
