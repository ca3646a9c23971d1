import { nearest } from './nearest.ts'
import { Secret } from './secret.ts'

/** One setting: how a value is checked, its default, its other names, its sentence for people. */
export interface Option<T, Input = T> {
  /** For the compiler alone: what a program may write, where that is more than what it becomes. */
  readonly input?: Input
  readonly fallback: T
  /** What is allowed, to be read after "must be": `a number of milliseconds from 0 to 900000`. */
  readonly allowed: string
  readonly about: string
  /** Names that other clients use for the same thing. */
  readonly aliases: readonly string[]
  /** An alias in another unit, such as kilobytes: its name, and what to multiply by. */
  readonly scaled: Readonly<Record<string, number>>
  /** A value that must not be shown, not even when it is wrong. */
  readonly isSecret?: true
  /** The value if it is allowed; undefined if it is not. */
  check(value: unknown): { readonly ok: T } | undefined
  /** The same from text, as a command line or a properties file gives it. */
  fromText(text: string): unknown
}

interface Words<T> {
  readonly default: T
  readonly about: string
  readonly alias?: readonly string[]
  readonly scaled?: Readonly<Record<string, number>>
}

function option<T>(
  words: Words<T>,
  allowed: string,
  check: (value: unknown) => { ok: T } | undefined,
  fromText: (text: string) => unknown,
): Option<T> {
  const { default: fallback, about, alias: aliases = [], scaled = {} } = words
  return { fallback, about, aliases, scaled, allowed, check, fromText }
}

interface Range {
  readonly min?: number
  readonly max?: number
}

function numeric(words: Words<number> & Range, what: string): Option<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = words
  const span = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return option(
    words,
    `${what} ${span}`,
    value =>
      typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
        ? { ok: value }
        : undefined,
    text => (/^-?\d+$/.test(text.trim()) ? Number(text) : text),
  )
}

/** A whole number of milliseconds. */
export const duration = (words: Words<number> & Range) => numeric(words, 'a number of milliseconds')
/** A whole number of bytes. */
export const bytes = (words: Words<number> & Range) => numeric(words, 'a number of bytes')
/** A whole number. */
export const count = (words: Words<number> & Range) => numeric(words, 'a whole number')

export function flag(words: Words<boolean>): Option<boolean> {
  return option(
    words,
    'true or false',
    value => (typeof value === 'boolean' ? { ok: value } : undefined),
    text => (text === 'true' ? true : text === 'false' ? false : text),
  )
}

export function text<T extends string | undefined>(words: Words<T>): Option<T | string> {
  return option<T | string>(
    words,
    'a text that is not empty',
    value => (typeof value === 'string' && value !== '' ? { ok: value } : undefined),
    given => given,
  )
}

/** A password, a private key: what is read back of it is a Secret. */
export function secret(
  words: Omit<Words<undefined>, 'default'>,
): Option<Secret | undefined, string | Secret | undefined> {
  return {
    ...option<Secret | undefined>(
      { ...words, default: undefined },
      'a text that is not empty',
      value => {
        if (value instanceof Secret) return { ok: value }
        return typeof value === 'string' && value !== '' ? { ok: new Secret(value) } : undefined
      },
      given => given,
    ),
    isSecret: true,
  }
}

/** A comma-separated text, or a list of texts. */
export function list(
  words: Words<readonly string[]>,
): Option<readonly string[], string | readonly string[]> {
  const split = (value: string) => value.split(',').flatMap(part => part.trim() || [])
  return option(
    words,
    'a comma-separated text or a list of texts',
    value => {
      if (typeof value === 'string') return { ok: split(value) }
      if (!Array.isArray(value)) return undefined
      const parts: unknown[] = value
      return parts.every(part => typeof part === 'string')
        ? { ok: parts.flatMap(split) }
        : undefined
    },
    given => given,
  )
}

/** One of the words; `synonyms` maps other spellings, of any type, to a word. */
export function choice<const W extends string, const Synonym extends string | number = W>(
  words: Words<NoInfer<W>> & {
    readonly of: readonly W[]
    readonly synonyms?: ReadonlyMap<Synonym, W>
  },
): Option<W, W | Synonym> {
  return option<W>(
    words,
    `one of ${words.of.join(', ')}`,
    value => {
      const word = words.synonyms?.get(value as Synonym) ?? value
      const known = words.of.find(each => each === word)
      return known === undefined ? undefined : { ok: known }
    },
    given => given,
  )
}

/** A value that text can't express: a function, or an object with methods. */
export function thing<T>(
  words: Words<T> & { readonly allowed: string; readonly is: (value: unknown) => value is T },
): Option<T> {
  return option(
    words,
    words.allowed,
    value => (words.is(value) ? { ok: value } : undefined),
    given => given,
  )
}

export type OptionSet = Readonly<Record<string, Option<unknown>>>

/** `linger.ms` -> `lingerMs`. */
type Camel<S extends string> = S extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

type ValueOf<O> = O extends Option<infer T, infer _> ? T : never
type InputOf<O> = O extends Option<infer _, infer Input> ? Input : never

/** What a program may write: each key in either spelling, all optional. */
export type OptionsInput<S extends OptionSet> = {
  readonly [K in keyof S & string]?: InputOf<S[K]> | undefined
} & { readonly [K in keyof S & string as Camel<K>]?: InputOf<S[K]> | undefined }

/** What the code reads: every key, in camelCase. */
export type Parsed<S extends OptionSet> = {
  readonly [K in keyof S & string as Camel<K>]: ValueOf<S[K]>
}

/** Something is wrong with the settings; the caller turns it into the error that its users know. */
export class OptionProblem extends Error {
  readonly hint: string | undefined
  /** The name that is unknown, if that is what is wrong. */
  readonly unknown: string | undefined
  constructor(message: string, hint?: string, unknown?: string) {
    super(message)
    this.hint = hint
    this.unknown = unknown
  }
}

export interface ParsedOptions<S extends OptionSet> {
  readonly values: Parsed<S>
  /** The dotted names of the settings that were given, as opposed to defaulted. */
  readonly given: ReadonlySet<string>
}

export function camelCase(dotted: string): string {
  return dotted.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Checks settings against their table: an unknown key, a wrong value, or two values for one
 * setting under two names is an OptionProblem that says what to write instead.
 */
export function parseOptions<const S extends OptionSet>(
  set: S,
  input: Readonly<Record<string, unknown>>,
  mode: 'values' | 'text' = 'values',
): ParsedOptions<S> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    const got = input === undefined ? 'nothing' : shown(input)
    throw new OptionProblem(`the settings must be an object, got ${got}`)
  }
  const names = namesOf(set)
  const found = new Map<string, { as: string; value: unknown }>()
  for (const [as, raw] of Object.entries(input)) {
    if (raw === undefined) continue
    const known = names.get(as)
    if (!known) throw unknownKey(as, names)
    const value = checked(set[known.key]!, as, raw, known.scale, mode)
    const before = found.get(known.key)
    if (before && before.value !== value && !sameSecret(before.value, value)) {
      throw new OptionProblem(`${before.as} and ${as} are one setting, given two values`)
    }
    found.set(known.key, { as, value })
  }
  const values: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(set)) {
    const hit = found.get(key)
    values[camelCase(key)] = hit ? hit.value : each.fallback
  }
  return { values: values as Parsed<S>, given: new Set(found.keys()) }
}

function sameSecret(a: unknown, b: unknown): boolean {
  return a instanceof Secret && b instanceof Secret && a.reveal() === b.reveal()
}

interface KnownName {
  readonly key: string
  readonly scale: number
}

const namesCache = new WeakMap<OptionSet, Map<string, KnownName>>()

/** Every name under which a setting may come: dotted, camelCase, aliases. */
function namesOf(set: OptionSet): Map<string, KnownName> {
  const cached = namesCache.get(set)
  if (cached) return cached
  const names = new Map<string, KnownName>()
  const add = (name: string, known: KnownName) => {
    names.set(name, known)
    names.set(camelCase(name), known)
  }
  for (const [key, each] of Object.entries(set)) {
    for (const alias of each.aliases) add(alias, { key, scale: 1 })
    for (const [alias, scale] of Object.entries(each.scaled)) add(alias, { key, scale })
  }
  for (const key of Object.keys(set)) add(key, { key, scale: 1 })
  namesCache.set(set, names)
  return names
}

function unknownKey(as: string, names: ReadonlyMap<string, KnownName>): OptionProblem {
  const near = nearest(as, names.keys())
  const key = near === undefined ? undefined : names.get(near)!.key
  const meant = key === undefined || camelCase(key) === key ? key : `${key} (${camelCase(key)})`
  const hint = meant === undefined ? undefined : `did you mean ${meant}?`
  return new OptionProblem(`unknown setting ${as}`, hint, as)
}

function checked(
  each: Option<unknown>,
  as: string,
  raw: unknown,
  scale: number,
  mode: 'values' | 'text',
): unknown {
  const plain = mode === 'text' && typeof raw === 'string' ? each.fromText(raw) : raw
  const value = scale !== 1 && typeof plain === 'number' ? plain * scale : plain
  const result = each.check(value)
  if (result) return result.ok
  const got = each.isSecret ? `a ${typeof raw}` : shown(raw)
  throw new OptionProblem(`${as} must be ${each.allowed}, got ${got}`)
}

/** A value as it stands in an error; long ones are cut, and functions are not printed whole. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 80 ? `${json.slice(0, 77)}...` : json
}
