import type { EmbeddedCluster } from '../../src/broker/index.ts'

/** Holds requests of an API back at the brokers until the function that comes back is called. */
export function hold(cluster: EmbeddedCluster, api: 'Produce' | 'Fetch'): () => void {
  let isHeld = true
  let release = () => {}
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  cluster.intercept(api, () => released.then(() => 'pass' as const), { while: () => isHeld })
  return () => {
    isHeld = false
    release()
  }
}
