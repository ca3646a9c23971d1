/** A column: its heading, and whether it holds numbers, which stand to the right. */
export interface Column {
  readonly heading: string
  readonly numbers?: boolean
}

/** Rows as text in aligned columns, a heading above; no line has blanks at its end. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const texts = [columns.map(column => column.heading), ...rows.map(row => row.map(String))]
  const widths = columns.map((_, i) => Math.max(...texts.map(row => row[i]?.length ?? 0)))
  return texts.map(row => {
    const cells = row.map((cell, i) =>
      columns[i]?.numbers ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    )
    return cells.join('  ').trimEnd()
  })
}
