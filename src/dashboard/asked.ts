import { BadRequest } from './responses.ts'
import type { MessageQuery, NewMessage } from './views.ts'

const MOST_MESSAGES = 200

/** What records the page wants to see. Throws a BadRequest. */
export function messageQuery(params: URLSearchParams): MessageQuery {
  const topic = params.get('topic') ?? ''
  if (topic === '') throw new BadRequest('name a topic')
  const offset = params.get('offset')
  return {
    topic,
    partition: wholeNumber(params.get('partition') ?? '0', 'partition'),
    offset: offset === null || offset === '' ? undefined : wholeNumber(offset, 'offset'),
    limit: Math.min(MOST_MESSAGES, wholeNumber(params.get('limit') ?? '50', 'limit')),
  }
}

/** A record that the page wants to be produced. Throws a BadRequest. */
export function newMessage(body: unknown): NewMessage {
  const { topic, partition, key = null, value = null, headers = {} } = fieldsOf(body)
  if (typeof topic !== 'string' || topic === '') throw new BadRequest('name a topic')
  if (!isTextOrNull(key) || !isTextOrNull(value)) throw new BadRequest('key and value are text')
  const own = Object.entries(fieldsOf(headers)).map(([name, each]) => {
    if (typeof each !== 'string') throw new BadRequest(`the header ${name} is no text`)
    return [name, each] as const
  })
  return {
    topic,
    key,
    value,
    headers: Object.fromEntries(own),
    ...(partition !== undefined && { partition: wholeNumber(String(partition), 'partition') }),
  }
}

/** The name of the scenario that is to be run. Throws a BadRequest. */
export function scenarioName(body: unknown): string {
  const { scenario } = fieldsOf(body)
  if (typeof scenario !== 'string') throw new BadRequest('name a scenario')
  return scenario
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  throw new BadRequest('the body is no object')
}

const isTextOrNull = (value: unknown): value is string | null =>
  typeof value === 'string' || value === null

function wholeNumber(text: string, name: string): number {
  const value = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(value)) return value
  throw new BadRequest(`${name} is no whole number`)
}
