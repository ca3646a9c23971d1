import type { Command } from 'commander'
import { systemClock, within } from '../../base/clock.ts'
import { Admin, adminOptions, consumerOptions, producerOptions, silentLogger } from '../../index.ts'
import { type CommonFlags, settingsFor } from '../settings.ts'
import { type Candidate, isCalled } from './candidates.ts'

/** Somebody waits with a finger on the key. */
const PATIENCE_MS = 1_500

type Lister = (admin: Admin) => Promise<readonly string[]>

const listers: Readonly<Record<'topics' | 'groups', Lister>> = {
  async topics(admin) {
    const topics = await admin.topics.list()
    return topics.map(({ name }) => name)
  },
  async groups(admin) {
    const { groups } = await admin.groups.list()
    return groups.map(({ name }) => name)
  },
}

/**
 * Asks the cluster that the words before name for its topics or groups. None where it can't be
 * asked in time: completion is no place for errors.
 */
export async function namesOf(
  kind: 'topics' | 'groups',
  program: Command,
  words: readonly string[],
): Promise<readonly string[]> {
  try {
    const others = { ...producerOptions, ...consumerOptions }
    const flags = connectionFlags(program, words)
    const settings = settingsFor(adminOptions, flags, {}, others)
    using admin = new Admin({
      ...settings,
      'socket.connection.setup.timeout.ms': PATIENCE_MS,
      'default.api.timeout.ms': PATIENCE_MS,
      logger: silentLogger,
    })
    const late = () => new Error('too late')
    return await within(systemClock, PATIENCE_MS, listers[kind](admin), late)
  } catch {
    return []
  }
}

/** Where to connect, as far as the words before say. */
function connectionFlags(program: Command, words: readonly string[]): CommonFlags {
  const found: { [name: string]: string | string[] } = {}
  for (const [at, word] of words.entries()) {
    const option = program.options.find(each => isCalled(each, word))
    const value = words[at + 1]
    if (!option?.required || value === undefined) continue
    const name = option.attributeName()
    found[name] = name === 'X' ? [...(found.X ?? []), value].flat() : value
  }
  return found
}

/** The names of settings, ready for their values. */
export function settingNames(words: readonly string[]): Candidate[] {
  const own = words.includes('consume') ? consumerOptions : producerOptions
  const set = words.some(word => ['produce', 'consume'].includes(word)) ? own : adminOptions
  return Object.entries(set).map(([name, { about }]) => ({ word: `${name}=`, about }))
}
