import { code } from './lz4-code.ts'

/** The part of the platform's WebAssembly that is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Exports }
}

/** What lz4-block.wat says of them holds. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  decompress(from: number, end: number, to: number, limit: number, base: number): number
  compress(from: number, end: number, to: number, table: number): number
}

const PAGE_BYTES = 65_536
/** The memory of a machine only grows: a larger one is given up when its work is done. */
const KEPT_BYTES = 16 * 1024 * 1024
/** How far the code may reach behind what it reads, and behind what it writes. */
export const SLACK_BYTES = 16
export const TABLE_BYTES = 16_384

/**
 * LZ4's blocks by WebAssembly. What it works on is copied into its memory and out of it again,
 * which costs a fraction of what a native package's call and its memory outside V8's heap do.
 */
export class Lz4Machine {
  readonly decompress: Exports['decompress']
  readonly compress: Exports['compress']
  readonly #memory: Exports['memory']
  #view: Buffer

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(code, 'base64'))
    const { memory, decompress, compress } = new WebAssembly.Instance(module).exports
    this.#memory = memory
    this.#view = Buffer.from(memory.buffer)
    this.decompress = decompress
    this.compress = compress
  }

  /** Its memory, of at least so many bytes; what was had before is of no use after this. */
  memory(bytes: number): Buffer {
    const { length } = this.#view
    if (bytes > length) {
      const wanted = Math.max(bytes, Math.min(2 * length, KEPT_BYTES))
      this.#memory.grow(Math.ceil((wanted - length) / PAGE_BYTES))
      this.#view = Buffer.from(this.#memory.buffer)
    }
    return this.#view
  }

  get isLarge(): boolean {
    return this.#view.length > KEPT_BYTES
  }
}

let kept: Lz4Machine | undefined

/** Lends the machine that is kept, made when it is first asked for. */
export function withMachine<T>(work: (machine: Lz4Machine) => T): T {
  const machine = kept ?? new Lz4Machine()
  try {
    return work(machine)
  } finally {
    kept = machine.isLarge ? undefined : machine
  }
}
