/** The longest name of a topic: its folder, with partition and suffix, must fit 255 bytes. */
const LONGEST_NAME = 249

/** Why a topic can't be called that, in words for a person; undefined if it can. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'Topic name is invalid: the empty string is not allowed'
  if (name === '.' || name === '..') return `Topic name is invalid: '${name}' is not allowed`
  if (name.length > LONGEST_NAME) {
    return `Topic name is invalid: it has ${name.length} characters, more than ${LONGEST_NAME}`
  }
  if (/^[a-zA-Z0-9._-]+$/.test(name)) return undefined
  return (
    `Topic name is invalid: '${name}' holds characters other than ` +
    "ASCII letters and digits, '.', '_' and '-'"
  )
}

/** In metrics '.' and '_' are one: of two names that are alike in this, only one may exist. */
export function plainName(name: string): string {
  return name.replaceAll('.', '_')
}
