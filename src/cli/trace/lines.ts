/** Text in lines of `width` at most, broken between words; what is longer than a line is cut. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const room = Math.max(4, width - indent.length)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= room) line = longer
    else {
      if (line !== '') lines.push(line)
      line = cut(word, room)
    }
  }
  if (line !== '') lines.push(line)
  return lines.map(each => `${indent}${each}`)
}

/** Text of `width` at most; an ellipsis stands for the rest. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`
}
