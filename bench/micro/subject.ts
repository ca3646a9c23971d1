/** A piece of code whose cost is measured. */
export interface Subject {
  readonly name: string
  /** How many of `unit` one run does. */
  readonly count: number
  /** Of what the cost is told: `a record`, `a KiB`. */
  readonly unit: string
  readonly run: () => void | Promise<void>
  /** Runs before and after all runs. */
  readonly begin?: () => void | Promise<void>
  readonly end?: () => void | Promise<void>
}

/** Keeps a result from being thought unused, and its making with it. */
export function use(value: number): void {
  if (Number.isNaN(value)) throw new Error('a sum that is no number')
}

const buffer = Buffer.alloc(64 * 1024, 'posthaste')

/**
 * What everything is compared with: a loop over bytes that no change of this project touches, and
 * that depends on the machine as the rest does.
 */
export const reference: Subject = {
  name: 'reference loop',
  count: 64 * 16,
  unit: 'a KiB',
  run() {
    let hash = 0x811c9dc5
    for (let round = 0; round < 16; round++) {
      for (let i = 0; i < buffer.length; i++) {
        hash = Math.imul(hash ^ buffer[i]!, 0x01000193)
        buffer[i] = hash & 0xff
      }
    }
    use(hash)
  },
}
