import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Colours text for a stream, where that is a terminal that shows colours and NO_COLOR is unset. */
export function painter(stream: NodeJS.WriteStream): (style: Style, text: string) => string {
  const coloured = stream.isTTY && stream.hasColors() && !process.env.NO_COLOR
  return coloured ? (style, text) => styleText(style, text) : (_style, text) => text
}

/** A bar of `width` cells at most, for a share from 0 to 1; something that is there is seen. */
export function bar(share: number, width: number): string {
  return '█'.repeat(share > 0 ? Math.max(1, Math.round(share * width)) : 0)
}
