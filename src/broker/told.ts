import { errorByCode } from '../protocol/errors.ts'
import { isObject, type Place } from './faults/places.ts'

/** Kafka's names of the errors in a response, wherever they stand, each once. */
export function errorsIn(response: unknown): string[] {
  const found = new Set<string>()
  const look = (value: unknown) => {
    if (Array.isArray(value)) for (const each of value) look(each)
    if (!isObject(value)) return
    for (const [name, inner] of Object.entries(value)) {
      if (name === 'errorCode' && typeof inner === 'number' && inner !== 0) {
        found.add(errorByCode(inner).name)
      } else look(inner)
    }
  }
  look(response)
  return [...found]
}

/** `orders-0`, or `orders` for a topic that is named without partitions. */
export function placeNames(places: readonly Place[]): string[] {
  const names = places.map(({ topic, partition }) =>
    partition >= 0 ? `${topic}-${partition}` : topic,
  )
  return [...new Set(names)]
}
