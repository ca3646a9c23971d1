/** An Avro schema as a literal, in the shape of its JSON. */
export type AvroLiteral =
  | string
  | readonly AvroLiteral[]
  | { readonly type: AvroLiteral; readonly [attribute: string]: unknown }

interface Primitives {
  null: null
  boolean: boolean
  int: number
  long: number
  float: number
  double: number
  bytes: Buffer
  string: string
}

interface Logical {
  decimal: string
  uuid: string
  date: string
  'time-millis': number
  'time-micros': number
  'timestamp-millis': Date
  'timestamp-micros': bigint
  'timestamp-nanos': bigint
  'local-timestamp-millis': string
  'local-timestamp-micros': string
  'local-timestamp-nanos': string
  duration: { months: number; days: number; milliseconds: number }
}

interface FieldLiteral {
  readonly name: string
  readonly type: AvroLiteral
}

/**
 * The TypeScript type of an Avro schema's values, from the schema as a literal (`as const`). A
 * name that is used again is `unknown`: following it would need the compiler's whole patience.
 *
 * @example
 * const fields = [{ name: 'id', type: 'string' }] as const
 * const order = { type: 'record', name: 'Order', fields } as const
 * type Order = AvroValue<typeof order>                        // { id: string }
 */
export type AvroValue<S> = S extends keyof Primitives
  ? Primitives[S]
  : S extends readonly unknown[]
    ? { [K in keyof S]: AvroValue<S[K]> }[number]
    : S extends { readonly logicalType: infer L extends keyof Logical }
      ? Logical[L]
      : S extends { readonly type: 'record'; readonly fields: infer F }
        ? RecordValue<F>
        : S extends { readonly type: 'enum'; readonly symbols: readonly (infer E)[] }
          ? E
          : S extends { readonly type: 'array'; readonly items: infer I }
            ? AvroValue<I>[]
            : S extends { readonly type: 'map'; readonly values: infer V }
              ? Record<string, AvroValue<V>>
              : S extends { readonly type: 'fixed' }
                ? Buffer
                : S extends { readonly type: infer T }
                  ? T extends string
                    ? AvroNamed<T>
                    : AvroValue<T>
                  : unknown

type AvroNamed<T extends string> = T extends keyof Primitives ? Primitives[T] : unknown

type RecordValue<F> = F extends readonly FieldLiteral[]
  ? { [Each in F[number] as Each['name']]: AvroValue<Each['type']> }
  : unknown

/** The same for writing: a field that has a default may be left out. */
export type AvroInput<S> = S extends { readonly type: 'record'; readonly fields: infer F }
  ? F extends readonly FieldLiteral[]
    ? { [Each in Required<F> as Each['name']]: AvroInputField<Each> } & {
        [Each in Exclude<F[number], Required<F>> as Each['name']]?: AvroInputField<Each>
      }
    : unknown
  : S extends { readonly logicalType: infer L }
    ? LogicalInput<L, S>
    : S extends readonly unknown[]
      ? { [K in keyof S]: AvroInput<S[K]> }[number]
      : S extends { readonly type: 'array'; readonly items: infer I }
        ? readonly AvroInput<I>[]
        : S extends { readonly type: 'map'; readonly values: infer V }
          ? Readonly<Record<string, AvroInput<V>>>
          : AvroValue<S>

type Required<F extends readonly FieldLiteral[]> = Exclude<F[number], { readonly default: unknown }>

/** A field may hold its attributes itself, such as a logical type's. */
type AvroInputField<F extends FieldLiteral> = AvroInput<F['type']>

type LogicalInput<L, S> = L extends 'decimal'
  ? string | number | bigint
  : L extends 'date'
    ? string | Date
    : L extends 'timestamp-millis'
      ? Date | number
      : L extends 'timestamp-micros' | 'timestamp-nanos'
        ? bigint | number | Date
        : AvroValue<S>
