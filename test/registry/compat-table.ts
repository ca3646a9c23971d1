import { avroRows } from './compat-avro.ts'
import { jsonRows } from './compat-json.ts'
import { protobufRows } from './compat-protobuf.ts'
import type { Row } from './compat-row.ts'

/** Changes of schemas, and what must be said of each; held against ours and against Apicurio. */
export const compatibilityTable: readonly Row[] = [...avroRows, ...jsonRows, ...protobufRows]
