import { api, type RequestOf, type ResponseOf } from '../schema/api.ts'
import { array, bool, errorCode, int8, string, throttle } from '../schema/field.ts'

/** Tells the configuration of topics, brokers and other resources. */
export const DescribeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexible: 4,
  route: 'chosen',
  request: {
    resources: array({
      /** 2: topic, 4: broker, 8: broker logger, 16: client metrics, 32: group. */
      resourceType: int8,
      resourceName: string,
      /** Null: all of them. */
      configurationKeys: array(string).nullable(),
    }),
    includeSynonyms: bool,
    includeDocumentation: bool.since(3),
  },
  response: {
    throttleTimeMs: throttle,
    results: array({
      errorCode,
      errorMessage: string.nullable(),
      resourceType: int8,
      resourceName: string,
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: bool,
        configSource: int8.else(-1),
        isSensitive: bool,
        synonyms: array({
          name: string,
          value: string.nullable(),
          source: int8,
        }),
        configType: int8.since(3).ignorable(),
        documentation: string.nullable().since(3).ignorable(),
      }),
    }),
  },
})

export interface DescribeConfigsRequest extends RequestOf<typeof DescribeConfigs> {}
export interface DescribeConfigsResponse extends ResponseOf<typeof DescribeConfigs> {}
