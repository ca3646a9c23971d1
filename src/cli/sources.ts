import { createReadStream, fstatSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileError } from './exit.ts'

const CHUNK_BYTES = 262_144

/** Where lines come from: a file, or standard input. */
export interface Source {
  readonly name: string
  /** In bytes, where that is known. */
  readonly size: number | undefined
  /** Its bytes in chunks, until its end or until `signal` aborts, which is no error. */
  chunks(signal: AbortSignal): AsyncGenerator<Buffer>
}

/**
 * Opens all files before anything is read, so that a wrong name is told at once; `-`, or no file
 * at all, is standard input. Throws a UsageError that names the file.
 */
export async function openSources(
  files: readonly string[],
  stdin: NodeJS.ReadStream,
): Promise<Source[]> {
  const names = files.length === 0 ? ['-'] : files
  return Promise.all(names.map(name => (name === '-' ? standardInput(stdin) : openFile(name))))
}

function standardInput(stdin: NodeJS.ReadStream): Source {
  const name = 'standard input'
  // A folder in its place (`< .`) reads as nothing at all, which would look like success.
  if (fstatSync(0).isDirectory()) throw fileError(name, folderError())
  return { name, size: undefined, chunks: signal => chunksOf(name, stdin, signal) }
}

async function openFile(name: string): Promise<Source> {
  let handle: FileHandle
  let size: number | undefined
  try {
    handle = await open(name)
    const stat = await handle.stat()
    if (stat.isDirectory()) throw folderError()
    // A pipe or device has no size of its own.
    size = stat.isFile() ? stat.size : undefined
  } catch (error) {
    throw fileError(name, error)
  }
  const chunks = (signal: AbortSignal) => {
    const stream = createReadStream(name, { fd: handle, highWaterMark: CHUNK_BYTES })
    return chunksOf(name, stream, signal)
  }
  return { name, size, chunks }
}

function folderError(): Error {
  return Object.assign(new Error('is a folder'), { code: 'EISDIR' })
}

async function* chunksOf(
  name: string,
  stream: Readable,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  addAbortSignal(signal, stream)
  try {
    for await (const chunk of stream) yield chunk
  } catch (error) {
    if (!signal.aborted) throw fileError(name, error)
  }
}
