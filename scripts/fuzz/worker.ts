import { fuzz } from './run.ts'
import type { FuzzFailure } from './target.ts'
import { targets } from './targets/index.ts'

/** What a worker is asked for. */
export interface Work {
  readonly target: string
  readonly seed: number
  readonly from: number
  readonly count: number
  /** Tell of each input before it is fed, so that the one is known which kills. */
  readonly careful: boolean
}

/** What a worker tells. */
export type Told =
  | { readonly is: 'at'; readonly index: number }
  | { readonly is: 'done'; readonly residentBytes: number }
  | {
      readonly is: 'failed'
      readonly index: number
      readonly message: string
      readonly input: string
    }

function tell(told: Told): Promise<void> {
  return new Promise(resolve => process.send?.(told, undefined, undefined, () => resolve()))
}

async function work({ target: name, seed, from, count, careful }: Work): Promise<void> {
  const target = targets.find(each => each.name === name)!
  try {
    if (careful) {
      for (let index = from; index < from + count; index++) {
        await tell({ is: 'at', index })
        await fuzz(target, { seed, from: index, count: 1 })
      }
    } else await fuzz(target, { seed, from, count })
    await tell({ is: 'done', residentBytes: process.memoryUsage.rss() })
  } catch (error) {
    const { index, message, input } = error as FuzzFailure
    await tell({ is: 'failed', index, message, input: input?.toString('base64') ?? '' })
  }
}

process.on('message', (asked: Work) => void work(asked))
