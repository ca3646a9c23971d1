import type { Model } from '../trace/model.ts'
import type { PlainEvent } from '../trace/plain-event.ts'
import type { Figures } from './figures.ts'

/** What a page gets several times a second. */
export interface LiveFrame {
  /** How things stand, whatever was left out of the events. */
  readonly model: Model
  /** Events since the frame before, the first of them where there were too many. */
  readonly events: readonly PlainEvent[]
  /** How many there were. */
  readonly total: number
  /** The figures of a second that is over, if one is. */
  readonly figures: Figures | undefined
}

/** What a page gets when it opens: how things stand, and the figures of the last minutes. */
export interface LiveStart {
  readonly model: Model
  readonly history: readonly Figures[]
}

/** A topic as the page lists it. */
export interface TopicView {
  readonly name: string
  readonly partitions: readonly {
    readonly partition: number
    readonly leader: number
    readonly start: number
    readonly end: number
  }[]
}

/** A record as the page shows it: what is no text is shown as hexadecimal digits. */
export interface MessageView {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
  /** Bytes of the value. */
  readonly bytes: number
}

/** A group with its members and how far behind it is. */
export interface GroupView {
  readonly name: string
  readonly type: string
  readonly state: string
  readonly members: readonly {
    readonly clientId: string
    readonly memberId: string
    readonly partitions: readonly string[]
  }[]
  readonly lag: number
  readonly partitions: readonly {
    readonly topic: string
    readonly partition: number
    readonly committed: number | undefined
    readonly end: number | undefined
    readonly lag: number | undefined
    readonly memberId: string | undefined
  }[]
}

export interface MessageQuery {
  readonly topic: string
  readonly partition: number
  /** Where to begin; undefined for the latest records. */
  readonly offset: number | undefined
  readonly limit: number
}

export interface NewMessage {
  readonly topic: string
  readonly partition?: number | undefined
  readonly key: string | null
  readonly value: string | null
  readonly headers: Readonly<Record<string, string>>
}
