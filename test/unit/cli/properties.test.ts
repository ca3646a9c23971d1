import { describe, expect, it } from 'vitest'
import { parseProperties } from '../../../src/cli/properties.ts'

describe('a Java properties file', () => {
  it('has its three separators, comments and blank lines', () => {
    const text = '# comment\n! another\n\na=1\nb: 2\nc 3\n  d = 4 \ne\nf=x=y:z\n'
    expect(parseProperties(text)).toEqual({ a: '1', b: '2', c: '3', d: '4 ', e: '', f: 'x=y:z' })
  })

  it('joins lines at a backslash, unless that is itself escaped', () => {
    const text = 'jaas=first \\\n   second; \\\r\n third\npath=c:\\\\\nnext=1'
    expect(parseProperties(text)).toEqual({
      jaas: 'first second; third',
      path: 'c:\\',
      next: '1',
    })
  })

  it('knows escapes in keys and values', () => {
    const text = 'a\\=b\\ c=d\ntab=x\\ty\nletter=\\u00e9\\u0041\nodd=\\q\\#'
    expect(parseProperties(text)).toEqual({ 'a=b c': 'd', tab: 'x\ty', letter: 'éA', odd: 'q#' })
  })

  it('lets the last of two win, and takes any name as a plain key', () => {
    const parsed = parseProperties('a=1\na=2\n__proto__=x\n')
    expect(Object.entries(parsed)).toEqual([
      ['a', '2'],
      ['__proto__', 'x'],
    ])
  })

  it('names the place of a broken escape', () => {
    expect(() => parseProperties('a=1\nb=\\u12', 'client.properties')).toThrow(
      /client\.properties, line 2: \\u12 is not/,
    )
  })
})
