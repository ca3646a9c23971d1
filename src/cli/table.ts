/** A column: its heading, and whether it holds numbers, which stand to the right. */
export interface Column {
  readonly heading: string
  readonly numbers?: boolean
}

/**
 * Rows as text in aligned columns, a heading above; no line has blanks at its end. Where the widest
 * line is wider than `width`, each row becomes a block of its own, with a line for each cell.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  width = Number.POSITIVE_INFINITY,
): string[] {
  const texts = [columns.map(column => column.heading), ...rows.map(row => row.map(String))]
  const widths = columns.map((_, i) => Math.max(...texts.map(row => row[i]?.length ?? 0)))
  const lines = texts.map(row => {
    const cells = row.map((cell, i) =>
      columns[i]?.numbers ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    )
    return cells.join('  ').trimEnd()
  })
  return lines.every(line => line.length <= width) ? lines : blocks(texts)
}

function blocks([headings = [], ...rows]: readonly (readonly string[])[]): string[] {
  return rows.flatMap((row, i) => [
    ...(i === 0 ? [] : ['']),
    ...row.map((cell, at) => `${headings[at]?.trim()}: ${cell.trim()}`.trimEnd()),
  ])
}

/** How wide a table may be: as wide as the terminal, or without a limit where there is none. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY
}
