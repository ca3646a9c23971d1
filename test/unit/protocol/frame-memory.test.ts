import { expect, test } from 'vitest'
import { FrameSplitter } from '../../../src/protocol/frame.ts'
import { FrameMemory } from '../../../src/protocol/frame-memory.ts'

const MIB = 1024 * 1024

/** A frame of so many bytes, as a socket that reads to where it is told brings it. */
function bring(splitter: FrameSplitter, size: number, byte: number): Buffer {
  const head = Buffer.alloc(4)
  head.writeInt32BE(size)
  const frames = splitter.push(head)
  for (let left = size; left > 0; ) {
    const room = splitter.room()
    const read = Math.min(room.length, left)
    room.fill(byte, 0, read)
    frames.push(...splitter.push(room.subarray(0, read)))
    left -= read
  }
  expect(frames).toHaveLength(1)
  return frames[0]!
}

test('a large frame is read to where one lay that was given back', () => {
  const memory = new FrameMemory()
  const splitter = new FrameSplitter(100 * MIB, memory)
  const first = bring(splitter, 6 * MIB, 1)
  const second = bring(splitter, 6 * MIB, 2)
  expect(second.buffer).not.toBe(first.buffer)
  memory.giveBack(first.subarray(70, 80))
  const third = bring(splitter, 6 * MIB - 1_000, 3)
  expect(third.buffer).toBe(first.buffer)
  expect(third).toHaveLength(6 * MIB - 1_000)
  expect(third.every(byte => byte === 3)).toBe(true)
  expect(second.every(byte => byte === 2)).toBe(true)
})

test('memory is lent to one frame at a time, however often it is given back', () => {
  const memory = new FrameMemory()
  const splitter = new FrameSplitter(100 * MIB, memory)
  const first = bring(splitter, 2 * MIB, 1)
  memory.giveBack(first)
  memory.giveBack(first)
  const frames = [2, 3].map(byte => bring(splitter, 2 * MIB, byte))
  expect(frames[0]!.buffer).not.toBe(frames[1]!.buffer)
})

test('small frames, and memory from elsewhere, are not taken', () => {
  const memory = new FrameMemory()
  const splitter = new FrameSplitter(100 * MIB, memory)
  memory.giveBack(bring(splitter, 100_000, 1))
  memory.giveBack(Buffer.alloc(2 * MIB))
  expect(memory.take(1_000_000)).toBeUndefined()
})

test('a few answers are kept, the latest, so that sizes follow what comes', () => {
  const memory = new FrameMemory()
  const splitter = new FrameSplitter(100 * MIB, memory)
  const frames = [1, 2, 3, 4].map(byte => bring(splitter, 6 * MIB, byte))
  for (const frame of frames) memory.giveBack(frame)
  const taken = [1, 2, 3].map(() => memory.take(6 * MIB)?.buffer)
  expect(taken).toEqual([frames[2]!.buffer, frames[3]!.buffer, undefined])
})

test('what lies there is let go of after a rest, but not between two answers', () => {
  const memory = new FrameMemory()
  const splitter = new FrameSplitter(100 * MIB, memory)
  let frame = bring(splitter, 2 * MIB, 1)
  for (let i = 0; i < 3; i++) {
    const { buffer } = frame
    memory.giveBack(frame)
    memory.rest()
    frame = bring(splitter, 2 * MIB, 1)
    expect(frame.buffer).toBe(buffer)
  }
  memory.giveBack(frame)
  memory.rest()
  memory.rest()
  expect(memory.take(2 * MIB)).toBeUndefined()
})
