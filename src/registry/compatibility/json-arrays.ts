import { type Conjunction, isNever, typesOf, within } from './json-conjunction.ts'
import type { JsonNode } from './json-model.ts'
import { changed, type JsonRules } from './json-rules.ts'
import type { Finding } from './pairs.ts'

/** The items of an array: the first ones, each with its own schema, and all others. */
export function readArray(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  if (!typesOf(held).includes('array')) return []
  return [
    ...readPrefix(reader, held, rules),
    ...readRest(reader, held, rules),
    ...readUnique(reader, held),
  ]
}

const itemAt = (node: JsonNode, index: number) => node.prefix[index] ?? node.rest

function readPrefix(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const longest = Math.max(reader.prefix.length, ...held.nodes.map(node => node.prefix.length))
  return Array.from({ length: longest }, (_, i) => i).flatMap(i => {
    const wanted = itemAt(reader, i)
    const schemas = within(held, node => [itemAt(node, i)])
    const written = rules.conjunctions.of(schemas)
    if (!wanted || isNever(written)) return []
    const path = `/items/${i}`
    const found = rules.inside(wanted, written, path)
    if (found.length === 0) return []
    if (schemas.length === 0) {
      const message = `the {writer} schema says nothing about item ${i}, so it may be anything`
      return [changed('ITEM_ADDED_TO_OPEN_CONTENT_MODEL', path, message)]
    }
    if (!wanted.never) return found
    const message = `the {reader} schema allows no item ${i}, the {writer} schema has it`
    return [changed('ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL', path, message)]
  })
}

function readRest(reader: JsonNode, held: Conjunction, rules: JsonRules): Finding[] {
  const { rest } = reader
  const schemas = within(held, node => [node.rest])
  const written = rules.conjunctions.of(schemas)
  if (!rest || isNever(written)) return []
  if (reader.prefix.length === 0) return [...rules.inside(rest, written, '/items')]
  const path = '/additionalItems'
  const found = rules.inside(rest, written, path)
  if (found.length === 0) return []
  if (rest.never) {
    const message = 'the {reader} schema allows no further items, the {writer} schema does'
    return [changed('ADDITIONAL_ITEMS_REMOVED', path, message)]
  }
  if (schemas.length > 0) return [...found]
  const message =
    'the {reader} schema limits what further items may be, the {writer} schema does not'
  return [changed('ADDITIONAL_ITEMS_NARROWED', path, message)]
}

function readUnique(reader: JsonNode, held: Conjunction): Finding[] {
  if (!reader.uniqueItems || held.nodes.some(node => node.uniqueItems)) return []
  const message = 'items must be unique in the {reader} schema, not in the {writer} schema'
  return [changed('UNIQUE_ITEMS_ADDED', '/uniqueItems', message)]
}
