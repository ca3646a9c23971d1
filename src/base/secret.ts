import { inspect } from 'node:util'

const HIDDEN = '[hidden]'

/** A text that shows itself nowhere by accident: not in JSON, a template, a log or a debugger. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

export function secretOf(text: string | Secret): Secret {
  return text instanceof Secret ? text : new Secret(text)
}

/** A text of somebody else's with our secrets taken out, should it repeat them. */
export function redact(text: string, secrets: readonly (Secret | undefined)[]): string {
  return secrets.reduce((rest, secret) => {
    const word = secret?.reveal() ?? ''
    return word === '' ? rest : rest.replaceAll(word, HIDDEN)
  }, text)
}
