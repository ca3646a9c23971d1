import type { Clock } from '../base/clock.ts'
import { inSlices } from '../base/slices.ts'
import { readResponseInSlices } from '../protocol/frame.ts'
import { type Api, Fetch, Produce } from '../protocol/index.ts'
import type { Reader } from '../wire/reader.ts'

/** Reading so many bytes of structures takes some ten milliseconds. */
const LONG = 256 * 1024

/**
 * Whether an answer had better be read piece by piece: the metadata of 100,000 topics takes a
 * second. Those to Produce and Fetch are handed on in the order in which they came, and the bulk of
 * a Fetch is records, which are not read here.
 */
export function isLong(api: Api, bytes: number): boolean {
  return bytes > LONG && api.key !== Produce.key && api.key !== Fetch.key
}

/** Reads a long answer, with turns of the event loop for everybody else in between. */
export function readLong(clock: Clock, api: Api, version: number, reader: Reader): Promise<object> {
  return inSlices(clock, readResponseInSlices(api, version, reader))
}
