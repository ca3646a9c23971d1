import { type TopicPattern, topicPattern } from '../groups/consumer/topic-pattern.ts'

/** What a subscription may ask of a client (KIP-714). */
export const MATCH_KEYS = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
] as const

export type MatchKey = (typeof MATCH_KEYS)[number]
/** Those facts of one client. */
export type ClientFacts = Readonly<Record<MatchKey, string>>
/** The pattern that each named fact must match as a whole. */
export type ClientMatch = readonly (readonly [MatchKey, TopicPattern])[]

/** Reads `key=pattern,…`; a text says what is wrong with it. */
export async function parseMatch(text: string): Promise<ClientMatch | string> {
  const match: [MatchKey, TopicPattern][] = []
  for (const part of text.split(',')) {
    if (part.trim() === '') continue
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim()
    const key = MATCH_KEYS.find(known => known === name)
    const pattern = key && (await topicPattern(part.slice(at + 1).trim()))
    if (!pattern) return `Illegal client matching pattern: ${part.trim()}`
    match.push([key, pattern])
  }
  return match
}

/** Whether a client is meant: by each of the patterns, all clients if there is none. */
export function isMeant(match: ClientMatch, client: ClientFacts): boolean {
  return match.every(([key, pattern]) => pattern.matches(client[key]))
}
