/** Who a connection is: a type, which is `User` for all that Kafka makes itself, and a name. */
export interface Principal {
  readonly type: string
  readonly name: string
}

/** Whoever did not say, on a listener that does not ask. */
export const ANONYMOUS: Principal = userNamed('ANONYMOUS')

export function userNamed(name: string): Principal {
  return { type: 'User', name }
}

/** `User:alice`, as ACLs and `super.users` name it. */
export function formatPrincipal({ type, name }: Principal): string {
  return `${type}:${name}`
}

export function isSame(one: Principal, other: Principal): boolean {
  return one.type === other.type && one.name === other.name
}
