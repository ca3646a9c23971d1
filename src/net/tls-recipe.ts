import { AuthenticationError, asError } from '../errors.ts'
import type { TlsOptions, TlsRecipe } from './tls.ts'
import { contextOf, TlsMaterial, type TlsSources } from './tls-material.ts'
import { type Address, formatAddress } from './transport.ts'

export interface TlsSettings extends TlsSources {
  /** Whether the broker's certificate must be signed by an authority that we trust. */
  readonly verifiesBroker: boolean
  /** Whether the host's name must be in it. */
  readonly verifiesHost: boolean
  /** Node's own options over ours, or a function that is asked for them at each connection. */
  readonly own?: TlsOptions | ((address: Address) => TlsOptions | Promise<TlsOptions>) | undefined
}

/** With what the TLS connections of one client are made. */
export class TlsRecipes {
  readonly #settings: TlsSettings
  readonly #material: TlsMaterial
  readonly #mayHeal: () => boolean

  /** Reads and tries everything that is known by now; a ConfigError says what can't be used. */
  constructor(settings: TlsSettings, mayHeal: () => boolean, warn: (error: Error) => void) {
    this.#settings = settings
    this.#mayHeal = mayHeal
    this.#material = new TlsMaterial(settings, warn)
    if (typeof settings.own === 'object') this.#withOwn(settings.own)
  }

  /** Whether there are files to be watched. */
  get usesFiles(): boolean {
    return this.#material.usesFiles
  }

  /** Changes when files brought something new. */
  get generation(): number {
    return this.#material.generation
  }

  async recipeFor(address: Address, signal: AbortSignal): Promise<TlsRecipe> {
    const { own } = this.#settings
    if (own === undefined) return this.#plain()
    if (typeof own !== 'function') return this.#withOwn(own)
    try {
      return this.#withOwn(await this.#ask(own, address, signal))
    } catch (thrown) {
      throw this.#unavailable(address, 'ssl.options', asError(thrown))
    }
  }

  #plain(): TlsRecipe {
    const { context } = this.#material.current
    const options = { ...this.#checks(), secureContext: context }
    return { options, showsCertificate: this.#material.showsCertificate }
  }

  #withOwn(own: TlsOptions): TlsRecipe {
    const options = { ...this.#checks(), ...this.#material.current.options, ...own }
    const context = own.secureContext ?? contextOf('ssl.options', options)
    const showsCertificate = Boolean(options.cert ?? options.pfx ?? own.secureContext)
    return { options: { ...options, secureContext: context }, showsCertificate }
  }

  #checks(): TlsOptions {
    const { verifiesBroker, verifiesHost } = this.#settings
    return {
      rejectUnauthorized: verifiesBroker,
      ...(verifiesHost ? {} : { checkServerIdentity: () => undefined }),
    }
  }

  /** The function's answer, for which the connection's setup time is long enough. */
  #ask(
    own: (address: Address) => TlsOptions | Promise<TlsOptions>,
    address: Address,
    signal: AbortSignal,
  ): Promise<TlsOptions> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(new Error('it gave nothing in time'))
      signal.addEventListener('abort', abort, { once: true })
      Promise.resolve(own(address))
        .then(given => {
          if (typeof given !== 'object' || given === null) throw new Error('it gave no object')
          resolve(given)
        })
        .catch(reject)
        .finally(() => signal.removeEventListener('abort', abort))
    })
  }

  #unavailable(address: Address, setting: string, error: Error): AuthenticationError {
    const broker = formatAddress(address)
    return new AuthenticationError({
      code: 'CREDENTIALS_UNAVAILABLE',
      message: `${broker}: no TLS options from the function of ${setting}: ${error.message}`,
      retriable: this.#mayHeal(),
      cause: error,
      at: { broker },
    })
  }
}
