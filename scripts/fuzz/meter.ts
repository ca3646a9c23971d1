const { alloc, allocUnsafe, allocUnsafeSlow } = Buffer

let allocated = 0

function count(size: number): void {
  if (size > 0) allocated += size
}

/** Counts from now on what buffers are made, by whomever in this process. */
export function installMeter(): void {
  Buffer.alloc = (size: number, fill?: string | Uint8Array | number, encoding?: BufferEncoding) => {
    count(size)
    return alloc.call(Buffer, size, fill, encoding)
  }
  Buffer.allocUnsafe = (size: number) => {
    count(size)
    return allocUnsafe.call(Buffer, size)
  }
  Buffer.allocUnsafeSlow = (size: number) => {
    count(size)
    return allocUnsafeSlow.call(Buffer, size)
  }
}

export function removeMeter(): void {
  Object.assign(Buffer, { alloc, allocUnsafe, allocUnsafeSlow })
}

/** The bytes of all buffers made since the last call. */
export function takeAllocated(): number {
  const taken = allocated
  allocated = 0
  return taken
}
