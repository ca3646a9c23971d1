import { type Clock, sleep } from '../../base/clock.ts'
import { WriteTxnMarkers } from '../../protocol/messages/index.ts'
import type { Faults } from '../faults/faults.ts'
import type { MarkerGate } from './markers.ts'

/** How long a coordinator waits before it sends a marker again. */
const RETRY_MS = 20

/**
 * Lets the faults of WriteTxnMarkers meet what the coordinators of this cluster send, though that
 * goes over no connection: markers can be held up (`delay`), or fail and be sent again.
 */
export function markerGate(faults: Faults, clock: Clock): MarkerGate {
  return async ({ topic, partition }, node, signal) => {
    const fault = faults.take({ api: WriteTxnMarkers }, () => [{ topic, partition }], node.id)
    switch (fault?.action.is) {
      case 'fail':
      case 'drop':
      case 'disconnect':
        await sleep(clock, RETRY_MS, signal)
        return 'again'
      case 'delay':
        await sleep(clock, fault.action.ms, signal)
        return 'pass'
      default:
        return 'pass'
    }
  }
}
