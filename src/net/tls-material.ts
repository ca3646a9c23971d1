import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Secret } from '../base/secret.ts'
import { asError, ConfigError } from '../errors.ts'

/** Where certificates and keys come from: files that are read again when they change, or texts. */
export interface TlsSources {
  readonly caFile?: string | undefined
  readonly certificateFile?: string | undefined
  readonly keyFile?: string | undefined
  readonly keystoreFile?: string | undefined
  readonly ca?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: Secret | undefined
  readonly keyPassword?: Secret | undefined
  readonly keystorePassword?: Secret | undefined
  readonly ciphers?: string | undefined
}

/**
 * Certificates and keys, ready for use. What can't be used is a ConfigError in the constructor;
 * from then on, what was good last is kept until something whole takes its place: a certificate is
 * often replaced a moment before its key.
 */
export class TlsMaterial {
  readonly #sources: TlsSources
  readonly #warn: (error: Error) => void
  #loaded: Loaded
  #mark: string
  #generation = 0

  constructor(sources: TlsSources, warn: (error: Error) => void) {
    this.#sources = sources
    this.#warn = warn
    this.#mark = this.#look()
    this.#loaded = load(sources)
  }

  get showsCertificate(): boolean {
    const { certificate, certificateFile, keystoreFile } = this.#sources
    return (certificate ?? certificateFile ?? keystoreFile) !== undefined
  }

  get usesFiles(): boolean {
    return this.#files().length > 0
  }

  /** Counts what was new and good, so that somebody can tell that it has changed. */
  get generation(): number {
    this.#refresh()
    return this.#generation
  }

  /** What is good today, read anew if a file has changed. */
  get current(): Loaded {
    this.#refresh()
    return this.#loaded
  }

  #refresh(): void {
    const mark = this.#look()
    if (mark === this.#mark) return
    this.#mark = mark
    try {
      this.#loaded = load(this.#sources)
      this.#generation++
    } catch (error) {
      this.#warn(asError(error))
    }
  }

  #files(): string[] {
    const { caFile, certificateFile, keyFile, keystoreFile } = this.#sources
    return [caFile, certificateFile, keyFile, keystoreFile].filter(file => file !== undefined)
  }

  /** Changes when a file does, also where a symbolic link is turned to another (Kubernetes). */
  #look(): string {
    const marks = this.#files().map(file => {
      const found = statSync(file, { bigint: true, throwIfNoEntry: false })
      return found ? `${found.dev}/${found.ino}/${found.size}/${found.mtimeNs}` : 'missing'
    })
    return marks.join(' ')
  }
}

/** Certificates and keys as Node takes them, and the same made ready. */
export interface Loaded {
  readonly options: SecureContextOptions
  readonly context: SecureContext
}

function load(sources: TlsSources): Loaded {
  const { keyPassword, keystorePassword, ciphers } = sources
  const keystore = read('ssl.keystore.location', sources.keystoreFile)
  const options: SecureContextOptions = {
    ...given('ca', certificates('ssl.ca', sources.ca, sources.caFile)),
    ...given('cert', certificates('ssl.certificate', sources.certificate, sources.certificateFile)),
    ...given('key', sources.key?.reveal() ?? read('ssl.key.location', sources.keyFile)),
    ...given('passphrase', keyPassword?.reveal()),
    ...given('ciphers', ciphers),
    ...(keystore && fromKeystore(keystore, keystorePassword?.reveal(), keyPassword?.reveal())),
  }
  const where = sources.keystoreFile ?? sources.keyFile ?? 'ssl.key.pem'
  // OpenSSL would take the lack of a password for a wrong one.
  if (options.key?.includes('ENCRYPTED') && options.passphrase === undefined) {
    throw new ConfigError(
      `${where} can't be used: the key is encrypted, and there is no password for it`,
      'set ssl.key.password; nothing is asked for at a terminal',
    )
  }
  return { options, context: contextOf(where, options) }
}

/** A context of these options; a ConfigError says why there can be none. */
export function contextOf(where: string, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    throw unusable(where, asError(error))
  }
}

function given<K extends string, V>(key: K, value: V | undefined): { readonly [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V })
}

/** A keystore is PKCS#12, or a PEM text with the key and its certificates (as Java allows). */
function fromKeystore(
  content: Buffer,
  password: string | undefined,
  keyPassword: string | undefined,
): SecureContextOptions {
  if (isJks(content)) throw javaKeystore('ssl.keystore.location')
  if (!content.includes('-----BEGIN ')) return { pfx: content, ...given('passphrase', password) }
  return { cert: content, key: content, ...given('passphrase', keyPassword ?? password) }
}

function certificates(
  setting: string,
  text: string | undefined,
  file: string | undefined,
): string | undefined {
  const content = read(`${setting}.location`, file)
  if (content && isJks(content)) throw javaKeystore(`${setting}.location`)
  const pem = text ?? content?.toString('latin1')
  // OpenSSL passes over what is no certificate in silence, and would then trust nobody.
  if (pem !== undefined && !pem.includes('-----BEGIN CERTIFICATE-----')) {
    const name = text === undefined ? `${setting}.location (${file})` : `${setting}.pem`
    throw new ConfigError(
      `${name} holds no certificate in PEM`,
      'it must have -----BEGIN CERTIFICATE----- in it; openssl x509 -inform der writes PEM from DER',
    )
  }
  return pem
}

function read(setting: string, file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file)
  } catch (thrown) {
    const error = asError(thrown)
    throw new ConfigError(`${setting} names ${file}, which can't be read: ${error.message}`)
  }
}

/** The first bytes of Java's own format, which nothing but Java reads. */
function isJks(content: Buffer): boolean {
  return content.length > 4 && content.readUInt32BE(0) === 0xfeedfeed
}

function javaKeystore(setting: string): ConfigError {
  return new ConfigError(
    `${setting} names a Java keystore (JKS)`,
    'convert it: keytool -importkeystore -srckeystore FILE -destkeystore FILE.p12 -deststoretype pkcs12',
  )
}

const causes: readonly (readonly [RegExp, string, string])[] = [
  [
    /KEY_VALUES_MISMATCH|key values mismatch|KEY_TYPE_MISMATCH/i,
    'the key does not belong to the certificate',
    'ssl.key.location and ssl.certificate.location must be of one pair',
  ],
  [
    /BAD_DECRYPT|mac verify failure|PKCS12_CIPHERFINAL|INVALID_PASSWORD/i,
    'the password is wrong',
    'see ssl.key.password, or ssl.keystore.password for a keystore',
  ],
  [
    /Unsupported PKCS12|ERR_CRYPTO_UNSUPPORTED_OPERATION/i,
    'it uses ciphers that OpenSSL no longer knows',
    'write it anew: openssl pkcs12 -legacy -in OLD -out ALL.pem; openssl pkcs12 -export -in ALL.pem',
  ],
  [
    /NO_START_LINE|not enough data|DECODER|ERR_OSSL_UNSUPPORTED|wrong tag|ASN1|Unable to load PFX/i,
    'it is neither PEM nor PKCS#12',
    'a key is text in PEM (it begins with -----BEGIN), a keystore is PKCS#12 or PEM',
  ],
  [
    /NO_CIPHER_MATCH/,
    'ssl.cipher.suites names no cipher that OpenSSL knows',
    'see openssl ciphers',
  ],
]

function unusable(where: string, error: Error): ConfigError {
  const code = 'code' in error ? String(error.code) : ''
  const known = causes.find(([pattern]) => pattern.test(`${code} ${error.message}`))
  return known
    ? new ConfigError(`${where} can't be used: ${known[1]}`, known[2])
    : new ConfigError(`${where} can't be used: ${error.message}`)
}
