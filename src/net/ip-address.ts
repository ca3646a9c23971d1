import { isIP } from 'node:net'

/** Whether a text is an address of IPv4 or IPv6, rather than a name. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0
}
