import { RegistryError, type RegistryPlace } from '../../errors.ts'
import { reasonsIn } from './reasons.ts'

/** What the numbers in a registry's answers mean: our name for each, and what to do about it. */
const names: Readonly<Record<number, { code: string; hint?: string }>> = {
  401: { code: 'UNAUTHORIZED', hint: 'check basic.auth.user.info or the bearer token' },
  403: { code: 'FORBIDDEN', hint: 'these credentials may not do this to this subject' },
  409: { code: 'INCOMPATIBLE_SCHEMA' },
  422: { code: 'INVALID_SCHEMA' },
  429: { code: 'TOO_MANY_REQUESTS' },
  40401: { code: 'SUBJECT_NOT_FOUND' },
  40402: { code: 'VERSION_NOT_FOUND' },
  40403: { code: 'SCHEMA_NOT_FOUND' },
  40404: {
    code: 'SUBJECT_SOFT_DELETED',
    hint: 'it was deleted; register it again, or ask for deleted ones too',
  },
  40405: {
    code: 'SUBJECT_NOT_SOFT_DELETED',
    hint: 'delete it without permanent first, then permanently',
  },
  40406: { code: 'VERSION_SOFT_DELETED' },
  40407: {
    code: 'VERSION_NOT_SOFT_DELETED',
    hint: 'delete it without permanent first, then permanently',
  },
  40408: { code: 'COMPATIBILITY_NOT_CONFIGURED' },
  40409: { code: 'MODE_NOT_CONFIGURED' },
  42201: { code: 'INVALID_SCHEMA' },
  42202: { code: 'INVALID_VERSION' },
  42203: { code: 'INVALID_COMPATIBILITY_LEVEL' },
  42204: { code: 'INVALID_MODE' },
  42205: { code: 'OPERATION_NOT_PERMITTED', hint: 'the subject or the registry may be read-only' },
  42206: { code: 'REFERENCE_EXISTS', hint: 'delete the schemas that refer to it first' },
  42208: { code: 'INVALID_SUBJECT' },
  50001: { code: 'REGISTRY_STORE_ERROR' },
  50002: { code: 'REGISTRY_TIMEOUT' },
  50003: { code: 'REGISTRY_FORWARDING_ERROR' },
}

/** Answers after which the same request may succeed. */
const retriableStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

/** The registry understood the request and said no. */
export function refused(place: RegistryPlace, words: string): RegistryError {
  const status = place.status ?? 0
  const known = names[place.errorCode ?? 0] ?? names[status]
  const code = known?.code ?? (status === 404 ? 'NOT_FOUND' : 'REGISTRY_ERROR')
  const incompatibilities = code === 'INCOMPATIBLE_SCHEMA' ? reasonsIn(words) : []
  return new RegistryError({
    code,
    message: `${what(place)}: ${said(code, place, words, incompatibilities)}`,
    retriable: retriableStatuses.has(status),
    hint: known?.hint,
    where: place,
    incompatibilities,
  })
}

/** Nobody answered: refused, reset, unknown name, not trusted. */
export function unreachable(place: RegistryPlace, cause: Error): RegistryError {
  const reason = 'code' in cause ? String(cause.code) : cause.message
  return new RegistryError({
    code: 'REGISTRY_UNREACHABLE',
    message: `${what(place)}: can't reach the registry (${reason})`,
    retriable: true,
    cause,
    hint: 'check schema.registry.url, and whether it is http or https',
    where: place,
  })
}

export function tooSlow(place: RegistryPlace, ms: number): RegistryError {
  return new RegistryError({
    code: 'REGISTRY_TIMEOUT',
    message: `${what(place)}: no answer within ${ms} ms`,
    retriable: true,
    hint: 'the registry is slow or not reachable; request.timeout.ms is the limit',
    where: place,
  })
}

/** Something answered, but not in a registry's language. */
export function notARegistry(place: RegistryPlace, found: string): RegistryError {
  const status = place.status ?? 0
  return new RegistryError({
    code: 'REGISTRY_BAD_ANSWER',
    message: `${what(place)}: the answer (status ${status}) is not what a registry says: ${found}`,
    retriable: retriableStatuses.has(status),
    hint: 'does schema.registry.url name the registry itself, with its path (such as /apis/ccompat/v7)?',
    where: place,
  })
}

/** `GET http://host/subjects/orders-value/versions/1 (subject orders-value, version 1)` */
function what(place: RegistryPlace): string {
  const facts = [
    place.subject === undefined ? '' : `subject ${place.subject}`,
    place.version === undefined ? '' : `version ${place.version}`,
    place.id === undefined ? '' : `schema id ${place.id}`,
    place.guid === undefined ? '' : `schema guid ${place.guid}`,
  ].filter(Boolean)
  const request = `${place.method ?? 'GET'} ${place.url ?? ''}`.trim()
  return facts.length === 0 ? request : `${request} (${facts.join(', ')})`
}

function said(
  code: string,
  place: RegistryPlace,
  words: string,
  incompatibilities: readonly string[],
): string {
  const number = place.errorCode ?? place.status
  if (incompatibilities.length === 0) return `${code} (${number}) ${words}`.trimEnd()
  const list = incompatibilities.map(each => `\n  - ${each}`).join('')
  return `${code} (${number}) the schema would break readers or writers of this subject:${list}`
}
