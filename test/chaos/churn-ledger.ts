/** What members of a group have said, and whether it may be so. */
export class ChurnLedger {
  /** How often each record was processed, by partition and offset. */
  readonly #times: number[][]
  /** For each partition, who has it as far as is known. */
  readonly owners: (string | undefined)[]
  /** Where each ownership stands: the offset that must come next; none before the first record. */
  readonly #next = new Map<string, number>()
  readonly wrong: string[] = []
  /** For each partition, one more than the last offset that was acknowledged to its producer. */
  readonly ends: number[]
  assignments = 0
  revocations = 0
  losses = 0
  processed = 0
  duplicates = 0

  constructor(partitions: number) {
    this.#times = Array.from({ length: partitions }, () => [])
    this.owners = Array.from({ length: partitions })
    this.ends = Array.from({ length: partitions }, () => 0)
  }

  /** The producer was told where a record of its lies. */
  acknowledged(partition: number, offset: number): void {
    this.ends[partition] = Math.max(this.ends[partition]!, offset + 1)
  }

  /** One line of a member. */
  heard(member: string, line: string): void {
    const [first = '', ...rest] = line.split(' ')
    if (first === '+') this.#assigned(member, rest.map(Number))
    else if (first === '-' || first === '!') this.#gone(member, rest.map(Number), first)
    else this.#record(member, Number(first), Number(rest[0]))
  }

  /** A member is no more, or will be told so: what it had is free. */
  dead(member: string): number[] {
    const had = this.ownedBy(member)
    for (const partition of had) this.owners[partition] = undefined
    return had
  }

  ownedBy(member: string): number[] {
    return this.owners.flatMap((owner, partition) => (owner === member ? [partition] : []))
  }

  /** How many records of a partition were processed, each counted once. */
  progress(partition: number): number {
    return this.#times[partition]!.reduce((sum, times) => sum + (times > 0 ? 1 : 0), 0)
  }

  /** Whether there are acknowledged records of a partition that nobody has processed yet. */
  isBehind(partition: number): boolean {
    return this.progress(partition) < this.ends[partition]!
  }

  /** The acknowledged records that nobody has processed. */
  get missing(): string[] {
    return this.ends.flatMap((end, partition) =>
      Array.from({ length: end }, (_, offset) => offset)
        .filter(offset => !this.#times[partition]![offset])
        .map(offset => `${partition}/${offset}`),
    )
  }

  #assigned(member: string, partitions: readonly number[]): void {
    this.assignments++
    for (const partition of partitions) {
      this.owners[partition] = member
      this.#next.delete(`${member}/${partition}`)
    }
  }

  #gone(member: string, partitions: readonly number[], sign: '-' | '!'): void {
    if (sign === '-') this.revocations++
    else this.losses++
    for (const partition of partitions) {
      if (this.owners[partition] === member) this.owners[partition] = undefined
    }
  }

  /** An owner gets a partition's records in order and without a gap. */
  #record(member: string, partition: number, offset: number): void {
    const name = `${member}/${partition}`
    const next = this.#next.get(name)
    if (next !== undefined && offset !== next) {
      this.wrong.push(`${name} got ${offset} in place of ${next}`)
    }
    this.#next.set(name, offset + 1)
    const times = this.#times[partition]!
    const before = times[offset] ?? 0
    times[offset] = before + 1
    this.processed++
    if (before > 0) this.duplicates++
  }
}
