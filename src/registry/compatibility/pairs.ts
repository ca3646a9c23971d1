/** One reason, with its path from the pair of types in which it was found. */
export interface Finding {
  readonly type: string
  readonly path: string
  /** With `{reader}` and `{writer}` where the two schemas are named. */
  readonly message: string
}

/** The findings of two types within the pair at hand, with `at` put before their paths. */
export type Compare<R, W> = (reader: R, writer: W, at: string) => readonly Finding[]

/** How one pair of types is judged; what lies inside them is judged by `inside`. */
export type Rule<R, W> = (reader: R, writer: W, inside: Compare<R, W>) => readonly Finding[]

/** Of work, in units of about a microsecond or two. */
const BUDGET = 200_000
const MAX_DEPTH = 500
const MAX_FINDINGS = 50

/** The two schemas are so large or so entangled that comparing them was given up. */
export class TooComplexError extends Error {
  override readonly name = 'TooComplexError'
}

/** What is left of the work that one comparison may take. */
export class Budget {
  #left = BUDGET

  spend(units: number): void {
    this.#left -= units
    if (this.#left < 0) throw new TooComplexError()
  }
}

/**
 * Judges two graphs of types, which may have cycles (a tree's node holds nodes): every pair once.
 * A pair that is met again within itself counts as readable, since a finite value ends somewhere.
 *
 * That assumption may prove wrong after others have relied on it. A = {next: A, other: B},
 * B = {back: A}: B is judged while A is open, so B is fine if A is; then A fails for another
 * reason. So the whole is repeated with the pairs that are known to fail, until no new one turns
 * up. A pair once found unreadable stays so, which bounds the repetitions.
 */
export function comparePairs<R extends object, W extends object>(
  reader: R,
  writer: W,
  rule: Rule<R, W>,
  budget = new Budget(),
): readonly Finding[] {
  let known = new PairMap<R, W, readonly Finding[]>()
  for (;;) {
    const pass = new Pass(rule, known, budget)
    const findings = pass.compare(reader, writer, '')
    if (!pass.assumed || pass.broken.size === known.size) return findings
    known = pass.broken
  }
}

class Pass<R extends object, W extends object> {
  /** Whether a pair was taken to be readable because it was open. */
  assumed = false
  readonly broken = new PairMap<R, W, readonly Finding[]>()
  readonly #rule: Rule<R, W>
  readonly #known: PairMap<R, W, readonly Finding[]>
  readonly #judged = new PairMap<R, W, readonly Finding[] | 'open'>()
  readonly #budget: Budget
  #depth = 0

  constructor(rule: Rule<R, W>, known: PairMap<R, W, readonly Finding[]>, budget: Budget) {
    this.#rule = rule
    this.#known = known
    this.#budget = budget
  }

  readonly compare: Compare<R, W> = (reader, writer, at) => {
    const judged = this.#judged.get(reader, writer)
    if (judged === 'open') return prefixed(this.#assume(reader, writer), at)
    return prefixed(judged ?? this.#judge(reader, writer), at)
  }

  #assume(reader: R, writer: W): readonly Finding[] {
    const known = this.#known.get(reader, writer)
    if (known) return known
    this.assumed = true
    return []
  }

  #judge(reader: R, writer: W): readonly Finding[] {
    this.#budget.spend(1)
    if (this.#depth > MAX_DEPTH) throw new TooComplexError()
    this.#judged.set(reader, writer, 'open')
    this.#depth++
    const found = this.#rule(reader, writer, this.compare).slice(0, MAX_FINDINGS)
    this.#depth--
    this.#judged.set(reader, writer, found)
    if (found.length > 0) this.broken.set(reader, writer, found)
    return found
  }
}

function prefixed(findings: readonly Finding[], at: string): readonly Finding[] {
  if (at === '' || findings.length === 0) return findings
  return findings.map(finding => ({ ...finding, path: at + finding.path }))
}

/** A map from two objects, by their identity. */
class PairMap<A extends object, B extends object, V> {
  size = 0
  readonly #rows = new Map<A, Map<B, V>>()

  get(a: A, b: B): V | undefined {
    return this.#rows.get(a)?.get(b)
  }

  set(a: A, b: B, value: V): void {
    const row = this.#rows.get(a) ?? new Map<B, V>()
    this.#rows.set(a, row)
    if (!row.has(b)) this.size++
    row.set(b, value)
  }
}

/** One segment of a JSON pointer (RFC 6901). */
export function segment(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
