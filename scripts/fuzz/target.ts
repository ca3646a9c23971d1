import type { Random } from '../../src/base/random.ts'

/** Bytes that are right, and where in them something begins: what a mutation may aim at. */
export interface Specimen {
  readonly bytes: Buffer
  readonly marks: readonly number[]
}

/** Something of ours that reads bytes of others. */
export interface Target {
  readonly name: string
  /** How many of all inputs it gets, beside the weights of the others. */
  readonly weight: number
  /** What the buffers made for one input may take together, whatever it claims. */
  mayAllocate(input: Buffer): number
  /** Makes ready what the inputs need; called again after each `span` of inputs. */
  begin?(): Promise<void>
  /** Ends what `begin` made. */
  end?(): Promise<void>
  /** How many inputs may depend on each other; 1 when left out: then an input fails by itself. */
  readonly span?: number
  /** The input of that chance: the same for the same. */
  input(random: Random): Buffer
  /** Lets it be read; throws for anything but the refusals that callers are told of. */
  feed(input: Buffer): void | Promise<void>
}

/** An input that does what none may do. */
export class FuzzFailure extends Error {
  override readonly name = 'FuzzFailure'
  readonly target: string
  readonly index: number
  readonly input: Buffer

  constructor(target: string, index: number, input: Buffer, cause: unknown) {
    const why = cause instanceof Error ? cause.stack : String(cause)
    super(`${target}, input ${index}: ${why}\ninput: ${input.toString('base64')}`, { cause })
    this.target = target
    this.index = index
    this.input = input
  }
}
