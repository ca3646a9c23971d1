import { schemaAnswer, versionAnswer } from './answers.ts'
import { refusals } from './problems.ts'
import type { Registry } from './registry.ts'
import { configIn, modeIn, schemaIn, versionIn } from './requests.ts'
import { formatted } from './schemas.ts'
import { guidOf, type StoredSchema, type StoredVersion } from './state.ts'
import { hasPrefix, normalSubject, parseSubject } from './subject-names.ts'

/** A request, as far as its path led to a route. */
export interface Asked {
  readonly registry: Registry
  /** What stands in the path for `{subject}`. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: unknown
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly pattern: readonly string[]
  readonly answer: (asked: Asked) => unknown
}

function route(words: string, answer: Route['answer']): Route {
  const [method, path = ''] = words.split(' ')
  return { method: method as Route['method'], pattern: segmentsOf(path), answer }
}

export function segmentsOf(path: string): string[] {
  return path.split('/').filter(segment => segment !== '')
}

const subjectOf = ({ path }: Asked) => normalSubject(path.subject ?? '')
const versionOf = ({ path }: Asked) => versionIn(path.version ?? '')
const flag = ({ query }: Asked, name: string) => query.get(name) === 'true'
const format = ({ query }: Asked) => query.get('format') ?? ''

/** The whole API. A path that several routes fit is the first one's. */
export const routes: readonly Route[] = [
  route('GET /', () => ({})),
  route('GET /contexts', asked => page(asked, asked.registry.state.contexts())),

  route('GET /subjects', listSubjects),
  route('POST /subjects/{subject}', asked => {
    const { registry, body } = asked
    const wanted = schemaIn(body)
    const [normalize, deleted] = [flag(asked, 'normalize'), flag(asked, 'deleted')]
    return versionAnswer(
      registry.lookUp(subjectOf(asked), wanted, normalize, deleted),
      format(asked),
    )
  }),
  route('DELETE /subjects/{subject}', asked =>
    asked.registry.deleteSubject(subjectOf(asked), flag(asked, 'permanent')),
  ),
  route('GET /subjects/{subject}/versions', listVersions),
  route('POST /subjects/{subject}/versions', async asked => {
    const wanted = schemaIn(asked.body)
    const { registry } = asked
    const made = await registry.register(subjectOf(asked), wanted, flag(asked, 'normalize'))
    return {
      id: made.schema.id,
      version: made.version,
      ...schemaAnswer(made.schema, format(asked)),
    }
  }),
  route('GET /subjects/{subject}/versions/{version}', asked =>
    versionAnswer(versionAt(asked), format(asked)),
  ),
  route('GET /subjects/{subject}/versions/{version}/schema', asked =>
    raw(formatted(versionAt(asked).schema, format(asked))),
  ),
  route('GET /subjects/{subject}/versions/{version}/referencedby', asked => {
    const target = asked.registry.version(subjectOf(asked), versionOf(asked), true)
    const by = asked.registry.referencedBy(target, flag(asked, 'deleted'))
    return page(asked, [...new Set(by.map(each => each.schema.id))])
  }),
  route('DELETE /subjects/{subject}/versions/{version}', asked =>
    asked.registry.deleteVersion(subjectOf(asked), versionOf(asked), flag(asked, 'permanent')),
  ),

  route('GET /schemas', listSchemas),
  route('GET /schemas/types', () => ['JSON', 'PROTOBUF', 'AVRO']),
  route('GET /schemas/ids/{id}', schemaById),
  route('GET /schemas/ids/{id}/schema', asked =>
    raw(formatted(schemaWithId(asked), format(asked))),
  ),
  route('GET /schemas/ids/{id}/subjects', asked =>
    page(asked, [...new Set(versionsWithId(asked).map(each => each.subject))]),
  ),
  route('GET /schemas/ids/{id}/versions', asked =>
    page(
      asked,
      versionsWithId(asked).map(({ subject, version }) => ({ subject, version })),
    ),
  ),
  route('GET /schemas/guids/{guid}', asked => {
    const [first] = withGuid(asked)
    if (!first) throw refusals.schemaNotFound(asked.path.guid)
    return schemaAnswer(first.schema, format(asked))
  }),
  route('GET /schemas/guids/{guid}/ids', asked =>
    withGuid(asked).map(({ context, schema }) => {
      return { context, id: schema.id }
    }),
  ),

  route('POST /compatibility/subjects/{subject}/versions', asked =>
    tested(asked, asked.registry.versions(subjectOf(asked))),
  ),
  route('POST /compatibility/subjects/{subject}/versions/{version}', asked =>
    tested(asked, comparedVersion(asked)),
  ),

  route('GET /config', asked => asked.registry.configOf('')),
  route('PUT /config', asked => configure(asked, '')),
  route('DELETE /config', asked => asked.registry.deleteConfig('')),
  route('GET /config/{subject}', asked => {
    const subject = subjectOf(asked)
    if (flag(asked, 'defaultToGlobal')) return asked.registry.configInScope(subject)
    const config = asked.registry.configOf(subject)
    if (!config) throw refusals.noConfig(subject)
    return config
  }),
  route('PUT /config/{subject}', asked => configure(asked, subjectOf(asked))),
  route('DELETE /config/{subject}', asked => asked.registry.deleteConfig(subjectOf(asked))),

  route('GET /mode', asked => ({ mode: asked.registry.modeOf('') })),
  route('PUT /mode', asked => setMode(asked, '')),
  route('DELETE /mode', async asked => ({ mode: await asked.registry.deleteMode('') })),
  route('GET /mode/{subject}', asked => {
    const subject = subjectOf(asked)
    if (flag(asked, 'defaultToGlobal')) return { mode: asked.registry.modeInScope(subject) }
    const mode = asked.registry.modeOf(subject)
    if (mode === undefined) throw refusals.noMode(subject)
    return { mode }
  }),
  route('PUT /mode/{subject}', asked => setMode(asked, subjectOf(asked))),
  route('DELETE /mode/{subject}', async asked => ({
    mode: await asked.registry.deleteMode(subjectOf(asked)),
  })),
]

/** An answer that is a schema's own text rather than JSON about it. */
export class RawAnswer {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const raw = (text: string) => new RawAnswer(text)

/** The part of a list that `offset` and `limit` ask for. */
function page<T>({ query }: Asked, list: readonly T[]): T[] {
  const offset = Math.max(0, Number(query.get('offset') ?? 0) || 0)
  const limit = Number(query.get('limit') ?? -1)
  return list.slice(offset, limit >= 0 ? offset + limit : undefined)
}

function listSubjects(asked: Asked): string[] {
  const { registry, query } = asked
  const prefix = query.get('subjectPrefix') ?? ':*:'
  const wanted = registry.state.subjects().filter(subject => {
    const isLive = registry.versions(subject).length > 0
    if (flag(asked, 'deletedOnly') ? isLive : !isLive && !flag(asked, 'deleted')) return false
    return hasPrefix(subject, prefix)
  })
  return page(asked, wanted)
}

function listVersions(asked: Asked): number[] {
  const subject = subjectOf(asked)
  const [only, negative] = [flag(asked, 'deletedOnly'), flag(asked, 'deletedAsNegative')]
  const deleted = only || flag(asked, 'deleted')
  const { registry } = asked
  if (registry.versions(subject, deleted).length === 0) throw refusals.subjectNotFound(subject)
  const wanted = registry.versions(subject, deleted || negative)
  const listed = wanted.filter(each => negative || !only || each.isDeleted)
  return page(
    asked,
    listed.map(({ version, isDeleted }) => (negative && isDeleted ? -version : version)),
  )
}

function versionAt(asked: Asked): StoredVersion {
  return asked.registry.version(subjectOf(asked), versionOf(asked), flag(asked, 'deleted'))
}

function listSchemas(asked: Asked): unknown {
  const { registry, query } = asked
  const prefix = query.get('subjectPrefix') ?? ''
  const subjects = registry.state.subjects().filter(subject => hasPrefix(subject, prefix))
  const versions = subjects.flatMap(subject => {
    const all = registry.versions(subject, flag(asked, 'deleted'))
    return flag(asked, 'latestOnly') ? all.slice(-1) : all
  })
  return page(asked, versions).map(version => versionAnswer(version))
}

/** Ids are of a context: of the one that `?subject` names, or the default one. */
function contextOf({ query }: Asked): string {
  return parseSubject(query.get('subject') ?? '').context
}

function schemaWithId(asked: Asked): StoredSchema {
  const id = Number(asked.path.id)
  const found = asked.registry.state.context(contextOf(asked)).byId.get(id)
  if (!found) throw refusals.schemaNotFound(asked.path.id)
  return found
}

function versionsWithId(asked: Asked): StoredVersion[] {
  const schema = schemaWithId(asked)
  const wanted = normalSubject(asked.query.get('subject') ?? '')
  const isAny = parseSubject(wanted).name === ''
  return asked.registry.state.everyVersion(contextOf(asked)).filter(each => {
    if (each.schema !== schema || (each.isDeleted && !flag(asked, 'deleted'))) return false
    return isAny || each.subject === wanted
  })
}

function schemaById(asked: Asked): unknown {
  const schema = schemaWithId(asked)
  const all = asked.registry.state.everyVersion(contextOf(asked))
  const first = all.find(each => each.schema === schema)
  const { nextId } = asked.registry.state.context(contextOf(asked))
  return {
    ...schemaAnswer(schema, format(asked)),
    ...(first && { subject: first.subject, version: first.version }),
    ...(flag(asked, 'fetchMaxId') && { maxId: nextId - 1 }),
  }
}

function withGuid({ registry, path }: Asked): { context: string; schema: StoredSchema }[] {
  const guid = (path.guid ?? '').toLowerCase()
  return registry.state.contexts().flatMap(context => {
    const all = [...registry.state.context(context).byId.values()]
    return all.filter(schema => guidOf(schema) === guid).map(schema => ({ context, schema }))
  })
}

function comparedVersion(asked: Asked): readonly StoredVersion[] {
  const wanted = versionOf(asked)
  const versions = asked.registry.versions(subjectOf(asked))
  if (wanted === 'latest') return versions.slice(-1)
  const found = versions.filter(each => each.version === wanted)
  if (found.length === 0) throw refusals.versionNotFound(wanted)
  return found
}

function tested(asked: Asked, against: readonly StoredVersion[]): unknown {
  const wanted = schemaIn(asked.body)
  const normalize = flag(asked, 'normalize')
  const reasons = asked.registry.testCompatibility(subjectOf(asked), wanted, normalize, against)
  const verdict = { is_compatible: reasons.length === 0 }
  return flag(asked, 'verbose') ? { ...verdict, messages: reasons } : verdict
}

/** The answer to a change of settings is the request: `compatibility`, not `compatibilityLevel`. */
async function configure({ registry, body }: Asked, scope: string): Promise<unknown> {
  const { compatibilityLevel, ...others } = await registry.configure(scope, configIn(body))
  return {
    ...(compatibilityLevel !== undefined && { compatibility: compatibilityLevel }),
    ...others,
  }
}

async function setMode(asked: Asked, scope: string): Promise<unknown> {
  return { mode: await asked.registry.setMode(scope, modeIn(asked.body), flag(asked, 'force')) }
}
