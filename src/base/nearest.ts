/** The candidate most like `word`, or undefined when none is near enough to be worth suggesting. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word)
  let best: string | undefined
  // Of a word of two letters, something is left when only one of them is another.
  const most = Math.min(Math.max(2, Math.floor(wanted.length / 3)), wanted.length - 1)
  let least = most + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate), least)
    if (distance < least) {
      least = distance
      best = candidate
    }
  }
  return best
}

/** `linger.ms`, `lingerMs` and `linger-ms` are the same word to somebody who mistypes it. */
export function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Levenshtein's distance, given up (as `limit`) once it can't come out below `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, replaced)
    }
    if (Math.min(...next) >= limit) return limit
    row = next
  }
  return row[b.length]!
}
