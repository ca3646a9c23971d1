import { generateKeyPairSync, randomBytes } from 'node:crypto'
import forge from 'node-forge'

/** A certificate with its key, and what stands between it and its authority: all in PEM. */
export interface Identity {
  readonly key: string
  readonly certificate: string
}

export interface LeafOptions {
  readonly name: string
  readonly hosts?: readonly string[]
  /** Days from now on which its validity begins and ends. */
  readonly days?: readonly [from: number, to: number]
}

const DAY_MS = 86_400_000

/** A certificate authority of a test, which signs whatever it is asked to. */
export class Authority {
  readonly certificate: string
  readonly #key: forge.pki.rsa.PrivateKey
  readonly #subject: forge.pki.CertificateField[]

  constructor(name: string) {
    const pair = keyPair()
    this.#key = pair.privateKey
    this.#subject = [{ name: 'commonName', value: name }]
    const own = blank(this.#subject, this.#subject, [-1, 30])
    own.publicKey = pair.publicKey
    own.setExtensions([{ name: 'basicConstraints', cA: true, critical: true }])
    own.sign(this.#key, forge.md.sha256.create())
    this.certificate = forge.pki.certificateToPem(own)
  }

  issue({ name, hosts = [], days = [-1, 30] }: LeafOptions): Identity {
    const pair = keyPair()
    const leaf = blank([{ name: 'commonName', value: name }], this.#subject, days)
    leaf.publicKey = pair.publicKey
    const altNames = hosts.map(host =>
      /^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host },
    )
    leaf.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName', altNames }] : []),
    ])
    leaf.sign(this.#key, forge.md.sha256.create())
    return { key: pair.pem, certificate: forge.pki.certificateToPem(leaf) }
  }
}

/** A PKCS#12 file of an identity. */
export function pkcs12({ key, certificate }: Identity, password: string): Buffer {
  const asn1 = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key),
    forge.pki.certificateFromPem(certificate),
    password,
    { algorithm: 'aes256' },
  )
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary')
}

/** The key of an identity, encrypted with a password. */
export function encryptedKey({ key }: Identity, password: string): string {
  return forge.pki.encryptRsaPrivateKey(forge.pki.privateKeyFromPem(key), password, {
    algorithm: 'aes256',
  })
}

function keyPair() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const read = forge.pki.privateKeyFromPem(pem)
  return { pem, privateKey: read, publicKey: forge.pki.setRsaPublicKey(read.n, read.e) }
}

function blank(
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  [from, to]: readonly [number, number],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() + from * DAY_MS)
  certificate.validity.notAfter = new Date(Date.now() + to * DAY_MS)
  certificate.setSubject(subject)
  certificate.setIssuer(issuer)
  return certificate
}
