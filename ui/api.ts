import type { GroupView, MessageView, TopicView } from '../src/dashboard/views.ts'
import type { Entry } from '../src/trace/steps.ts'

export interface About {
  readonly version: string
  readonly title: string
  readonly scenarios: readonly ScenarioFacts[]
}

export interface ScenarioFacts {
  readonly name: string
  readonly title: string
  readonly about: string
}

export interface Recording extends Omit<ScenarioFacts, 'name'> {
  readonly scenario: string
  readonly entries: readonly Entry[]
}

export interface NewRecord {
  readonly topic: string
  readonly partition?: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Stored {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Asks the server; an answer that is an error is thrown in its words. */
async function ask<T>(path: string, body?: unknown): Promise<T> {
  const init =
    body === undefined
      ? {}
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }
  const response = await fetch(path, init).catch(() => {
    throw new Error('the server of this page does not answer')
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error?.message ?? `status ${response.status}`)
  return answer
}

export const api = {
  about: () => ask<About>('/api/about'),
  trace: (scenario: string) => ask<Recording>('/api/trace', { scenario }),
  topics: () => ask<TopicView[]>('/api/topics'),
  groups: () => ask<GroupView[]>('/api/groups'),
  messages: (topic: string, partition: number, offset: string) => {
    const params = new URLSearchParams({ topic, partition: String(partition), offset })
    return ask<MessageView[]>(`/api/messages?${params}`)
  },
  produce: (record: NewRecord) => ask<Stored>('/api/messages', record),
}
