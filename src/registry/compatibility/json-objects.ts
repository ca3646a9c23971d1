import { type Conjunction, isNever, typesOf, within } from './json-conjunction.ts'
import type { JsonNode } from './json-model.ts'
import { changed, type JsonRules } from './json-rules.ts'
import { type Finding, segment } from './pairs.ts'
import { matches } from './safe-pattern.ts'

/** The properties of an object: those that are named, those by pattern, and all others. */
export function readObject(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  if (!typesOf(held).includes('object')) return []
  return [
    ...readRequired(reader, held),
    ...readProperties(reader, held, rules),
    ...readPatterns(reader, held, rules),
    ...readAdditional(reader, held, rules),
    ...readDependencies(reader, held, rules),
    ...readNames(reader, held, rules),
  ]
}

function readRequired(reader: JsonNode, held: Conjunction): Finding[] {
  const missing = [...reader.required].filter(
    name => !held.nodes.some(node => node.required.has(name)),
  )
  return missing.flatMap(name => {
    // A reader fills it in, so Confluent lets it pass.
    if (reader.properties.get(name)?.hasDefault) return []
    const message = `'${name}' is required in the {reader} schema, but not in the {writer} schema`
    return [changed(requiredType(name, held), `/required${segment(name)}`, message)]
  })
}

function requiredType(name: string, held: Conjunction): string {
  if (held.nodes.some(node => node.properties.has(name))) return 'REQUIRED_ATTRIBUTE_ADDED'
  return isOpen(held)
    ? 'REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL'
    : 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL'
}

/** Whether properties that are not named may be anything. */
function isOpen(held: Conjunction): boolean {
  return held.nodes.every(node => isAny(node.additional) && node.patternProperties.size === 0)
}

function isAny(node: JsonNode | undefined): boolean {
  if (!node) return true
  const counted = [node.limits, node.required, node.properties, node.patternProperties, node.needs]
  const inner = [node.dependentSchemas, node.opaque].every(map => map.size === 0)
  const lone = node.types ?? node.values ?? node.pattern ?? node.additional ?? node.propertyNames
  const listed = [node.prefix, node.allOf, node.sums].every(list => list.length === 0)
  const none = counted.every(each => each.size === 0) && inner && listed
  return none && !node.never && !node.uniqueItems && !(lone ?? node.rest ?? node.not)
}

function readProperties(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const names = new Set([
    ...reader.properties.keys(),
    ...held.nodes.flatMap(node => [...node.properties.keys()]),
  ])
  return [...names].flatMap(name => readProperty(name, reader, held, rules))
}

function readProperty(
  name: string,
  reader: JsonNode,
  held: Conjunction,
  { inside, conjunctions }: JsonRules,
): Finding[] {
  const written = conjunctions.of(within(held, node => schemasFor(name, node, 'writer')))
  if (isNever(written)) return []
  const path = `/properties${segment(name)}`
  const wanted = schemasFor(name, reader, 'reader').filter(schema => !isAny(schema))
  const found = wanted.flatMap(schema => inside(schema, written, path))
  if (found.length === 0) return []
  const isNamed = held.nodes.some(node => node.properties.has(name))
  if (!isNamed) return addedProperty(name, path, held, found)
  if (reader.properties.has(name)) return found
  return removedProperty(name, path, wanted, found)
}

/** What a schema says about one property. A pattern that can't be tried counts against us. */
function schemasFor(name: string, node: JsonNode, side: 'reader' | 'writer'): JsonNode[] {
  const own = node.properties.get(name)
  const unsure = side === 'reader'
  let isCovered = own !== undefined
  const found = own ? [own] : []
  for (const [pattern, schema] of node.patternProperties) {
    const matched = matches(pattern, name)
    if (matched ?? unsure) found.push(schema)
    if (matched ?? !unsure) isCovered = true
  }
  if (!isCovered && node.additional) found.push(node.additional)
  return found
}

function addedProperty(
  name: string,
  path: string,
  held: Conjunction,
  found: readonly Finding[],
): Finding[] {
  if (isOpen(held)) {
    const message = `the {writer} schema does not name '${name}', so it may hold anything there (an open content model)`
    return [changed('OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL', path, message)]
  }
  const type = 'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  const message = `the {writer} schema allows '${name}' with another type than the {reader} schema`
  return [...found, changed(type, path, message)]
}

function removedProperty(
  name: string,
  path: string,
  wanted: readonly JsonNode[],
  found: readonly Finding[],
): Finding[] {
  if (wanted.some(schema => schema.never)) {
    const message = `the {reader} schema allows no '${name}' (a closed content model), the {writer} schema has it`
    return [changed('PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL', path, message)]
  }
  const type = 'PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL'
  const message = `the {reader} schema allows '${name}' with another type than the {writer} schema`
  return [...found, changed(type, path, message)]
}

function readPatterns(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  return [...reader.patternProperties].flatMap(([pattern, schema]) => {
    const written = within(held, node => {
      const same = node.patternProperties.get(pattern)
      if (same) return [same]
      // Another pattern may match the same names, and then only that one speaks.
      return node.patternProperties.size === 0 ? [node.additional] : []
    })
    const path = `/patternProperties${segment(pattern)}`
    return rules.inside(schema, rules.conjunctions.of(written), path)
  })
}

function readAdditional(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const { additional } = reader
  if (!additional || isAny(additional)) return []
  const written = rules.conjunctions.of(within(held, node => [node.additional]))
  const path = '/additionalProperties'
  const patterns = held.nodes.flatMap(node => [...node.patternProperties])
  const uncovered = patterns.filter(([pattern]) => !reader.patternProperties.has(pattern))
  const byPattern = uncovered.flatMap(([, schema]) => {
    return rules.inside(additional, rules.conjunctions.of([schema]), path)
  })
  if (isNever(written)) return byPattern
  const found = rules.inside(additional, written, path)
  if (found.length === 0) return byPattern
  if (additional.never) {
    const message = 'the {reader} schema allows no other properties, the {writer} schema does'
    return [changed('ADDITIONAL_PROPERTIES_REMOVED', path, message)]
  }
  if (!held.nodes.every(node => isAny(node.additional))) return [...found, ...byPattern]
  const message =
    'the {reader} schema limits what other properties may hold, the {writer} schema does not'
  return [changed('ADDITIONAL_PROPERTIES_NARROWED', path, message)]
}

function readDependencies(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const names = [...reader.needs].flatMap(([name, needs]) => {
    const known = new Set(
      held.nodes.flatMap(node => [...node.required, ...(node.needs.get(name) ?? [])]),
    )
    if (needs.every(need => known.has(need))) return []
    const has = held.nodes.some(node => node.needs.has(name))
    const message = `'${name}' needs ${needs.join(', ')} in the {reader} schema, not so in the {writer} schema`
    const type = has ? 'DEPENDENCY_ARRAY_EXTENDED' : 'DEPENDENCY_ARRAY_ADDED'
    return [changed(type, `/dependencies${segment(name)}`, message)]
  })
  const schemas = [...reader.dependentSchemas].flatMap(([name, schema]) => {
    const written = within(held, node => [node, node.dependentSchemas.get(name)])
    return rules.inside(schema, rules.conjunctions.of(written), `/dependencies${segment(name)}`)
  })
  return [...names, ...schemas]
}

function readNames(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const { propertyNames } = reader
  if (!propertyNames) return []
  const written = within(held, node => [node.propertyNames])
  const names = rules.conjunctions.of([...written, rules.conjunctions.typeOnly('string')])
  return [...rules.inside(propertyNames, names, '/propertyNames')]
}
