// Node's Buffer has had these since version 0.x and documents them since 24; its types lack them.
declare global {
  interface Buffer {
    utf8Slice(start?: number, end?: number): string
    base64urlSlice(start?: number, end?: number): string
    utf8Write(text: string, offset?: number, length?: number): number
  }
}

export {}
