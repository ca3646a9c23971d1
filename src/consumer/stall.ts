/** What a partition that does not get on waits for. */
export type WaitsFor =
  /** For an offset to begin at: from the group's coordinator, or from the leader. */
  | 'offset'
  /** For records, or for any answer at all. */
  | 'broker'
  /** For the program, which has records in work or could have some. */
  | 'program'

/** What there is to know of a partition at one moment. */
export interface PartitionFacts {
  readonly state: string
  /** Paused, about to be given up, or held back by a full buffer or by a quota. */
  readonly excused: boolean
  /** A loop runs, so that somebody wants records. */
  readonly wanted: boolean
  /** Fetched records of it wait here, or are in work. */
  readonly atHand: boolean
  /** Counts the seeks. */
  readonly generation: number
  readonly position: number
  readonly processed: number
  readonly fetchOffset: number
  /** The end of what can be read, as last told; -1 while nothing told. */
  readonly end: number
  /** When a broker last answered for it without an error. */
  readonly heardAt: number
}

/** Since when a partition has waited, for what, and how it stood then. */
export interface Wait {
  readonly waitsFor: WaitsFor | undefined
  readonly mark: string
  readonly since: number
}

/** How long a partition may wait for each, in ms; for ever where it is Infinity. */
export type Patience = Readonly<Record<WaitsFor, number>>

/**
 * What a partition waits for, since when: since it last got on in any way. Where there is nothing
 * to read, to have heard from a broker is to get on; where there is, only records are.
 */
export function waitOf(facts: PartitionFacts, before: Wait | undefined, now: number): Wait {
  const waitsFor = whatFor(facts)
  const { generation, position, processed, fetchOffset, end, heardAt } = facts
  const lags = end < 0 || end > fetchOffset
  const news = waitsFor === 'broker' && !lags ? heardAt : lags
  const mark = [waitsFor, generation, position, processed, fetchOffset, news].join()
  return before?.mark === mark ? before : { waitsFor, mark, since: now }
}

/** Whether that is longer than it should be. */
export function isStalled({ waitsFor, since }: Wait, patience: Patience, now: number): boolean {
  return waitsFor !== undefined && now - since > patience[waitsFor]
}

function whatFor({ state, excused, wanted, atHand }: PartitionFacts): WaitsFor | undefined {
  if (excused) return undefined
  if (state === 'starting') return 'offset'
  if (state !== 'fetching') return undefined
  if (!atHand) return 'broker'
  return wanted ? 'program' : undefined
}
