/**
 * How many partitions one request may make: as Kafka's controller has it, lest a number in a
 * request decide what is allocated.
 */
export const MOST_NEW_PARTITIONS = 10_000

/** What Kafka says where it is exceeded, as POLICY_VIOLATION. */
export const TOO_MANY_PARTITIONS = 'Excessively large number of partitions per request.'
