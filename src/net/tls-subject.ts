/** E-mail addresses have no name in RFC 2253, so that Java writes their number. */
const EMAIL = '1.2.840.113549.1.9.1'
/** What ASN.1 calls an IA5String, of which e-mail addresses are. */
const IA5_STRING = 0x16

/**
 * A subject as Java writes it and Kafka takes it for a user's name (RFC 2253): the last part first,
 * `CN=orders,O=Example`. Node gives one part a line, in the order of the certificate and with what
 * is special in it escaped.
 */
export function distinguishedName(subject: string): string {
  return subject.split('\n').reverse().map(relativeName).join(',')
}

function relativeName(line: string): string {
  return line.split(' + ').map(attribute).join('+')
}

function attribute(text: string): string {
  const equals = text.indexOf('=')
  const [name, value] = [text.slice(0, equals), text.slice(equals + 1)]
  if (name !== 'emailAddress') return text
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length > 127) return text
  return `${EMAIL}=#${Buffer.from([IA5_STRING, bytes.length, ...bytes]).toString('hex')}`
}
