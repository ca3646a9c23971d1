/** The client's first message. */
export interface ClientFirst {
  /** What stands before the message proper: whether channels are bound, and who is acted for. */
  readonly gs2Header: string
  /** The message without it, as it goes into the signature. */
  readonly bare: string
  readonly user: string
  readonly authorization: string
  readonly nonce: string
  /** The user is a delegation token (KIP-48). */
  readonly isToken: boolean
}

/** The client's last message. */
export interface ClientFinal {
  /** The gs2 header again, which nobody may have changed on its way. */
  readonly binding: string
  readonly nonce: string
  readonly proof: Buffer
  readonly withoutProof: string
}

/** Longer than any client's message needs to be. */
const LONGEST_MESSAGE = 8 * 1024
const PRINTABLE = /^[\x21-\x2b\x2d-\x7e]+$/
const NAME = '[^,]+'
// Each part can be read in one way only: a pattern that could try others would take forever.
const EXTENSIONS = '(?:,[a-zA-Z][^,=]*=[^,]*)*'
const FIRST = new RegExp(
  `^(?<header>n,(?:a=(?<authorization>${NAME}))?,)` +
    `(?<bare>n=(?<user>${NAME}),r=(?<nonce>[^,]+)(?<extensions>${EXTENSIONS}))$`,
)
const FINAL = new RegExp(
  `^(?<withoutProof>c=(?<binding>[^,]+),r=(?<nonce>[^,]+)${EXTENSIONS}),p=(?<proof>[^,]+)$`,
)

/** Reads `n,a=…,n=user,r=nonce`; undefined for what is not that, or asks for what we have not. */
export function readClientFirst(message: Buffer): ClientFirst | undefined {
  const { header, bare, user, authorization, nonce, extensions } = fields(FIRST, message)
  if (header === undefined || bare === undefined || user === undefined) return undefined
  if (nonce === undefined || !PRINTABLE.test(nonce)) return undefined
  const [name, other] = [unescaped(user), unescaped(authorization ?? '')]
  if (name === undefined || other === undefined) return undefined
  const isToken = /,tokenauth=true(?:,|$)/i.test(extensions ?? '')
  return { gs2Header: header, bare, user: name, authorization: other, nonce, isToken }
}

/** Reads `c=binding,r=nonce,p=proof`; undefined for what is not that. */
export function readClientFinal(message: Buffer): ClientFinal | undefined {
  const { withoutProof, binding, nonce, proof } = fields(FINAL, message)
  if (withoutProof === undefined || nonce === undefined) return undefined
  const [header, bytes] = [base64(binding), base64(proof)]
  if (!header || !bytes) return undefined
  return { binding: header.toString('utf8'), nonce, proof: bytes, withoutProof }
}

function fields(pattern: RegExp, message: Buffer): Readonly<Record<string, string | undefined>> {
  if (message.length > LONGEST_MESSAGE) return {}
  return pattern.exec(message.toString('utf8'))?.groups ?? {}
}

/** A name in which `=2C` stands for a comma and `=3D` for `=`, and no other `=` may be. */
function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

function base64(text: string | undefined): Buffer | undefined {
  if (text === undefined || text.length % 4 !== 0) return undefined
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}
