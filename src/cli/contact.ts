import { systemClock, within } from '../base/clock.ts'
import { nearest } from '../base/nearest.ts'
import { KafkaError, TimeoutError } from '../errors.ts'
import { Admin, adminOptions } from '../index.ts'
import { settingsIn } from './settings.ts'

/** How long a topic that a broker may be creating just now is waited for. */
const TOPIC_WAIT_MS = 10_000

/**
 * Makes sure that a broker answers before any work begins: each address is tried once, so that a
 * wrong one is told within `socket.connection.setup.timeout.ms` and not after long retries.
 */
export async function contact(settings: Readonly<Record<string, unknown>>): Promise<Admin> {
  const admin = new Admin(settingsIn(adminOptions, settings))
  try {
    await admin.connect()
  } catch (error) {
    admin.close()
    throw error
  }
  return admin
}

/** Waits until a topic can be used; one that is not there is an error with the nearest name. */
export async function topicReady(
  admin: Admin,
  topic: string,
  ready: Promise<unknown>,
): Promise<void> {
  const late = () =>
    new TimeoutError({ code: 'UNKNOWN_TOPIC_OR_PARTITION', message: `no topic ${topic}` })
  try {
    await within(systemClock, TOPIC_WAIT_MS, ready, late)
  } catch (error) {
    const missing = error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION'
    throw missing ? await unknownTopic(admin, topic) : error
  }
}

/** Says that a topic is not there, and which one may have been meant. */
export async function unknownTopic(admin: Admin, topic: string): Promise<KafkaError> {
  if (!/^[\w.-]{1,249}$/.test(topic)) {
    return new KafkaError({
      code: 'INVALID_TOPIC_EXCEPTION',
      message: `${JSON.stringify(topic.slice(0, 260))} can't be the name of a topic`,
      hint: 'up to 249 letters, digits, dots, underscores and hyphens',
    })
  }
  const names = (await admin.topics.list()).map(each => each.name)
  const near = nearest(topic, names)
  return new KafkaError({
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
    message: `there is no topic ${topic}`,
    hint:
      near === undefined
        ? `posthaste topics create ${topic} makes it`
        : `did you mean ${near}? Else posthaste topics create ${topic} makes it`,
  })
}
