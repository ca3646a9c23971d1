import type { Cluster } from '../cluster/cluster.ts'
import { asError } from '../errors.ts'
import { DescribeConfigs } from '../protocol/index.ts'

const TOPIC_RESOURCE = 2
const SETTING = 'max.message.bytes'

/**
 * Asks for a topic's `max.message.bytes`, once a broker has found something too large for it: from
 * then on such records are refused at the call. Undefined where the broker won't say.
 */
export async function maxMessageBytes(
  cluster: Cluster,
  topic: string,
): Promise<number | undefined> {
  try {
    const { results } = await cluster.call(DescribeConfigs, {
      resources: [
        { resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [SETTING] },
      ],
      includeSynonyms: false,
    })
    const value = results[0]?.configs.find(({ name }) => name === SETTING)?.value
    return value === undefined || value === null ? undefined : Number(value)
  } catch (error) {
    // Only a courtesy: without it the broker goes on refusing them itself.
    cluster.logger.log('debug', 'topic.limit.unknown', { topic, error: asError(error) })
    return undefined
  }
}
