const POOL = 10_000
/** Of large values there are fewer, so that the pool is no more than 10 MB. */
const POOL_BYTES = 10_000_000
const KEYS = 1_000
const WORDS = `amber birch cedar delta ember fjord grove haven islet jetty knoll larch maple north
  ocean pearl quill river stone tidal`.split(/\s+/)

/** The records that every client sends, over and over; the same each time. Key, tab, value. */
export function recordLines(valueBytes: number): string[] {
  const next = sequence(7)
  const length = Math.min(POOL, Math.floor(POOL_BYTES / valueBytes))
  return Array.from({ length }, (_, i) => {
    return `user-${(i * 7919) % KEYS}\t${value(i, valueBytes, next)}`
  })
}

/** An order as JSON, filled up to `bytes` with words. */
function value(i: number, bytes: number, next: (below: number) => number): string {
  const order = {
    id: 1_000_000 + i,
    ts: 1_763_000_000_000 + i * 37 + next(37),
    user: `user-${(i * 7919) % KEYS}`,
    amount: next(1_000_000) / 100,
    currency: ['EUR', 'USD', 'GBP', 'SEK'][next(4)],
    items: Array.from({ length: 1 + next(4) }, () => next(50_000)),
    note: '',
  }
  const room = bytes - JSON.stringify(order).length
  while (order.note.length < room) order.note += `${WORDS[next(WORDS.length)]} `
  order.note = order.note.slice(0, Math.max(0, room))
  return JSON.stringify(order)
}

/** Whole numbers below a limit, the same ones each time (a linear congruential generator). */
function sequence(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
