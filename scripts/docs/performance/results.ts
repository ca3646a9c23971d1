import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Setting } from '../../../bench/results.ts'
import type { Row, Spread } from '../../../bench/summary.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'bench', 'results')

/** What one of the benchmarks of clients wrote. */
export interface ClientResults extends Partial<Setting> {
  readonly date: string
  readonly machine: string
  readonly messages: number
  readonly rows: readonly Row[]
}

export interface ScalePoint {
  readonly client: string
  readonly at: number
  readonly cpu: Spread
  readonly rate: Spread
}

interface Pause {
  /** The longest pause of the event loop. */
  readonly pauseMs: Spread
  readonly seconds: number
}

/** What `npm run bench:scale` wrote; parts that were not run are missing. */
export interface ScaleResults extends Setting {
  readonly partitions?: readonly ScalePoint[]
  readonly brokers?: readonly ScalePoint[]
  readonly connections?: Readonly<Record<ConnectionFigure, number>>
  readonly metadata?: Readonly<Record<Meeting, Pause>> & { readonly topics: number }
  readonly memory?: {
    readonly delivered: number
    readonly aloneMiB: number
    readonly peakMiB: number
    readonly samples: readonly { readonly messages: number; readonly rssMiB: number }[]
  }
}

export type Meeting = 'resting' | 'list' | 'pattern' | 'looking'
type ConnectionFigure =
  | 'producers'
  | 'connections'
  | 'firstMs'
  | 'cpuMicros'
  | 'idleCpuPercent'
  | 'rssMiB'

export interface BrokerResults extends Setting {
  readonly messages: number
  readonly rows: readonly {
    readonly broker: string
    readonly codec: string
    readonly rate: Spread
    readonly brokerMicros: Spread
    readonly clientMicros: Spread
  }[]
  readonly start: { readonly cold: Spread; readonly warm: Spread }
  readonly idleCpuPercent: number
}

/** All results that are there. */
export interface Results {
  readonly producer?: ClientResults
  readonly consumer?: ClientResults
  readonly variants?: ClientResults
  readonly scale?: ScaleResults
  readonly broker?: BrokerResults
}

export function readResults(): Results {
  const names = ['producer', 'consumer', 'variants', 'scale', 'broker']
  const entries = names.flatMap(name => {
    const file = join(folder, `${name}.json`)
    return existsSync(file) ? [[name, JSON.parse(readFileSync(file, 'utf8'))] as const] : []
  })
  return Object.fromEntries(entries)
}

interface Wanted {
  readonly client: string
  readonly mode?: string
  readonly codec?: string
}

/** The row of a client at the usual work. */
export function rowOf(
  results: ClientResults | undefined,
  { client, mode = 'produce', codec = 'none' }: Wanted,
): Row | undefined {
  return results?.rows.find(
    row =>
      row.client === client &&
      row.mode === mode &&
      row.codec === codec &&
      row.bytes === undefined &&
      row.partitions === undefined,
  )
}
