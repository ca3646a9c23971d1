import { type Random, randomBelow } from '../../../src/base/random.ts'
import { decodeRequestHeader, FrameSplitter } from '../../../src/protocol/index.ts'
import { Reader, WireError } from '../../../src/wire/reader.ts'
import { mutated } from '../mutate.ts'
import type { Specimen, Target } from '../target.ts'

const MOST_FRAME_BYTES = 32_768

/** Frames one after another, after a byte that decides in which pieces they come. */
function specimen(random: Random): Specimen {
  const parts: Buffer[] = []
  const marks: number[] = []
  let size = 0
  for (let left = 1 + randomBelow(random, 4); left > 0; left--) {
    const body = Buffer.alloc(randomBelow(random, random() < 0.1 ? 9000 : 60), left)
    if (body.length > 8) {
      // A request's header, often enough for it to be read below.
      body.writeInt16BE(randomBelow(random, 75), 0)
      body.writeInt16BE(randomBelow(random, 14), 2)
    }
    const frame = Buffer.alloc(4 + body.length)
    frame.writeInt32BE(body.length)
    body.copy(frame, 4)
    marks.push(size, size + 4, size + 6)
    size += frame.length
    parts.push(frame)
  }
  return { bytes: Buffer.concat(parts), marks }
}

interface Split {
  readonly frames: readonly Buffer[]
  readonly isRefused: boolean
}

function split(stream: Buffer, step: number): Split {
  const splitter = new FrameSplitter(MOST_FRAME_BYTES)
  const frames: Buffer[] = []
  try {
    for (let at = 0; at < stream.length; at += step) {
      frames.push(...splitter.push(stream.subarray(at, at + step)))
      if (splitter.pending > MOST_FRAME_BYTES + 4) throw new Error(`${splitter.pending} are kept`)
    }
    return { frames, isRefused: false }
  } catch (error) {
    if (error instanceof WireError) return { frames, isRefused: true }
    throw error
  }
}

/** A stream cut into frames: the same ones however it is cut into pieces. */
export const framesTarget: Target = {
  name: 'frames',
  weight: 12,
  // Both ways of cutting may gather all; a frame grows by a factor of its own.
  mayAllocate: input => 64 * input.length + 2 * MOST_FRAME_BYTES,
  input(random) {
    const some = () => specimen(random)
    return Buffer.concat([Buffer.from([randomBelow(random, 256)]), mutated(some(), random, some)])
  },
  feed(input) {
    const stream = input.subarray(1)
    const whole = split(stream, Math.max(1, stream.length))
    const pieces = split(stream, 1 + (input[0] ?? 0))
    if (whole.isRefused !== pieces.isRefused) throw new Error('refused in one way only')
    // Where a length is refused, the frames of the same piece before it go with it.
    const isSame = pieces.frames.every((frame, i) => whole.frames[i]?.equals(frame) ?? true)
    const isWhole = whole.isRefused || whole.frames.length === pieces.frames.length
    if (!isSame || !isWhole) throw new Error('other frames when they come in pieces')
    for (const frame of pieces.frames) {
      try {
        decodeRequestHeader(new Reader(frame))
      } catch (error) {
        if (!(error instanceof WireError)) throw error
      }
    }
  },
}
