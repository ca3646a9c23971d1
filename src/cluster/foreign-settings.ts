import { plain } from '../base/nearest.ts'
import { camelCase, type OptionSet } from '../base/options.ts'

/** What somebody is told who brings the name of a setting along from another client. */
export interface ForeignSetting {
  /** Our setting for it, where there is one. */
  readonly setting?: string
  /** What else is to be known; where there is no setting, why, or what does it instead. */
  readonly words: string
}

const is = (setting: string, words = ''): ForeignSetting => ({ setting, words })
const no = (words: string): ForeignSetting => ({ words })

const serializers = no('they are a second argument: new Producer(settings, { key, value })')
const deserializers = no('they are a second argument: new Consumer(settings, { key, value })')
const reports = no('the callback of producer.produce() gets the report of its record')
const versions = no('versions are negotiated with each broker')
const sockets = no('the sizes of its buffers are left to the operating system')
const kerberos = no('Kerberos is not built in: sasl.mechanism takes a mechanism of your own')
const metrics = no('producer.metrics() and consumer.metrics() tell, and posthaste/metrics exports')
const addresses = no('each address of a name is tried')
const records = no('a record names its topic: producer.send({ topic, value })')

const ofKafkajs: Readonly<Record<string, ForeignSetting>> = {
  ssl: is(
    'security.protocol',
    "'ssl' or 'sasl_ssl'; certificates by ssl.ca.location or ssl.options",
  ),
  sasl: is('sasl.mechanism', "'PLAIN' or another, with sasl.username and sasl.password"),
  oauthBearerProvider: is('sasl.oauthbearer.token'),
  connectionTimeout: is('socket.connection.setup.timeout.ms'),
  authenticationTimeout: is('socket.connection.setup.timeout.ms'),
  requestTimeout: is('request.timeout.ms'),
  enforceRequestTimeout: no('request.timeout.ms always holds'),
  timeout: is('request.timeout.ms', 'delivery.timeout.ms is for a record with all its retries'),
  retry: no('delivery.timeout.ms ends the tries of a record; retry.backoff.ms is their pace'),
  maxRetryTime: is('retry.backoff.max.ms'),
  initialRetryTime: is('retry.backoff.ms'),
  metadataMaxAge: is('metadata.max.age.ms'),
  logCreator: is('logger'),
  socketFactory: no('broker.address.mapper leads through tunnels, ssl.options goes to TLS'),
  kafkaJS: no('settings stand in the object itself, with no object around them'),
  idempotent: is('enable.idempotence', 'on by default'),
  compression: is('compression.type'),
  createPartitioner: is('partitioner'),
  transactionTimeout: is('transaction.timeout.ms'),
  maxInFlightRequests: is('max.in.flight.requests.per.connection'),
  allowAutoTopicCreation: is('allow.auto.create.topics'),
  sessionTimeout: is('session.timeout.ms'),
  rebalanceTimeout: is('max.poll.interval.ms'),
  heartbeatInterval: is('heartbeat.interval.ms'),
  maxBytesPerPartition: is('max.partition.fetch.bytes'),
  minBytes: is('fetch.min.bytes'),
  maxBytes: is('fetch.max.bytes'),
  maxWaitTimeInMs: is('fetch.max.wait.ms'),
  readUncommitted: is('isolation.level', "'read_committed' or 'read_uncommitted'"),
  rackId: is('client.rack'),
  partitionAssigners: is('partition.assignment.strategy'),
  fromBeginning: is('auto.offset.reset', "'earliest'"),
  autoCommit: is('enable.auto.commit'),
  autoCommitInterval: is('auto.commit.interval.ms'),
  autoCommitThreshold: no('auto.commit.interval.ms is the pace of commits'),
  partitionsConsumedConcurrently: no('it is consumer.run({ concurrency })'),
}

const ofLibrdkafka: Readonly<Record<string, ForeignSetting>> = {
  dr_cb: reports,
  dr_msg_cb: reports,
  on_delivery: reports,
  'delivery.report.only.error': reports,
  rebalance_cb: no('consumer.subscribe(topics, listener) tells of what came and went'),
  offset_commit_cb: no("listen('offsets:committed', …) tells of commits"),
  error_cb: no("it is the event 'error': producer.on('error', …), consumer.on('error', …)"),
  stats_cb: no("producer.metrics() tells at any time, the event 'stats' by statistics.interval.ms"),
  throttle_cb: no("it is the event 'throttle': producer.on('throttle', …)"),
  log_cb: is('logger'),
  event_cb: is('logger', 'listen() is for events'),
  debug: is('log.level', "'debug'"),
  partitioner_cb: is('partitioner'),
  'batch.num.messages': is('batch.size', 'a number of bytes, not of records'),
  'queue.buffering.backpressure.threshold': no(
    'a partition fills its batch while its broker is busy',
  ),
  'enable.gapless.guarantee': no('a record that fails fails alone'),
  'sticky.partitioning.linger.ms': no(
    'keyless records go on to another partition at batch.size bytes',
  ),
  'enable.auto.offset.store': no('what was processed is stored, and nothing else'),
  'offset.store.method': no('offsets are stored by the brokers'),
  'enable.partition.eof': no("it is the event 'end', or consumer.messages({ until: 'end' })"),
  'queued.min.messages': is('prefetch.max.bytes', 'a number of bytes, not of records'),
  'fetch.error.backoff.ms': is('retry.backoff.ms'),
  'auto.commit.enable': is('enable.auto.commit'),
  'socket.keepalive.enable': no('it is always on'),
  'socket.nagle.disable': no('it is always so'),
  'socket.max.fails': no('a connection is closed at the first request without an answer'),
  'socket.send.buffer.bytes': sockets,
  'socket.receive.buffer.bytes': sockets,
  'api.version.request': versions,
  'api.version.request.timeout.ms': versions,
  'api.version.fallback.ms': versions,
  'broker.version.fallback': versions,
  'broker.address.family': addresses,
  'topic.metadata.refresh.sparse': no('only topics in use are asked for'),
  'ssl.ca': is('ssl.ca.pem'),
  'sasl.kerberos.service.name': kerberos,
  'sasl.kerberos.principal': kerberos,
  'sasl.kerberos.keytab': kerberos,
}

const ofJava: Readonly<Record<string, ForeignSetting>> = {
  'key.serializer': serializers,
  'value.serializer': serializers,
  'key.deserializer': deserializers,
  'value.deserializer': deserializers,
  'max.poll.records': no('`for await` gives one at a time; prefetch.max.bytes bounds what waits'),
  'partitioner.class': is('partitioner', 'a name or a function'),
  'partitioner.ignore.keys': is('partitioner', 'a function that does not look at keys'),
  'interceptor.classes': no('listen() tells what happens'),
  'metric.reporters': metrics,
  'metrics.num.samples': metrics,
  'metrics.recording.level': metrics,
  'send.buffer.bytes': sockets,
  'receive.buffer.bytes': sockets,
  'client.dns.lookup': addresses,
  'auto.create.topics.enable': is('allow.auto.create.topics'),
  'exclude.internal.topics': no('a topic is read where its name or pattern asks for it'),
  'ssl.truststore.password': no('ssl.ca.location is a PEM file, which needs none'),
  'ssl.enabled.protocols': is('ssl.options', '{ minVersion, maxVersion }'),
  'ssl.protocol': is('ssl.options', '{ minVersion, maxVersion }'),
  'zookeeper.connect': is('bootstrap.servers', 'the addresses of brokers'),
  'schema.registry.url': no("it goes to new SchemaRegistryClient() of 'posthaste/registry'"),
}

/** Of kafka-python those that differ from Java's by more than underscores. */
const ofKafkaPython: Readonly<Record<string, ForeignSetting>> = {
  consumer_timeout_ms: no("consumer.messages({ until: 'end' }) ends at the end itself"),
  api_version: versions,
  ssl_context: is('ssl.options'),
  ssl_cafile: is('ssl.ca.location'),
  ssl_certfile: is('ssl.certificate.location'),
  ssl_keyfile: is('ssl.key.location'),
  ssl_password: is('ssl.key.password'),
  ssl_check_hostname: is('ssl.endpoint.identification.algorithm', "'https' or 'none'"),
  sasl_plain_username: is('sasl.username'),
  sasl_plain_password: is('sasl.password'),
  sasl_oauth_token_provider: is('sasl.oauthbearer.token'),
}

/** What is simply guessed. */
const guessed: Readonly<Record<string, ForeignSetting>> = {
  host: is('bootstrap.servers', "'host:port'"),
  port: is('bootstrap.servers', "'host:port'"),
  servers: is('bootstrap.servers'),
  broker: is('bootstrap.servers'),
  username: is('sasl.username'),
  password: is('sasl.password'),
  group: is('group.id'),
  linger: is('linger.ms', 'in milliseconds'),
  topic: records,
  topics: no('they go to consumer.subscribe(topics), or stand in each record that is sent'),
}

/** Names of other clients that are not read here, and what to say to whoever writes them. */
export const foreignSettings: Readonly<Record<string, Readonly<Record<string, ForeignSetting>>>> = {
  kafkajs: ofKafkajs,
  librdkafka: ofLibrdkafka,
  Java: ofJava,
  'kafka-python': ofKafkaPython,
  guessed,
}

/** What only one kind of client has, by each of its names, for whoever gives it to another. */
export const settingsOf: Readonly<Record<string, readonly string[]>> = {
  Producer: [
    ...['acks', 'enable.idempotence', 'linger.ms', 'batch.size', 'compression.type'],
    ...['compression.level', 'buffer.memory', 'queue.buffering.max.messages', 'max.block.ms'],
    ...['max.in.flight.requests.per.connection', 'max.request.size', 'delivery.timeout.ms'],
    ...['retries', 'partitioner', 'transactional.id', 'transaction.timeout.ms'],
    ...['statistics.interval.ms', 'request.required.acks', 'queue.buffering.max.ms'],
    ...['queue.buffering.max.kbytes', 'compression.codec', 'max.in.flight', 'message.max.bytes'],
    ...['message.timeout.ms', 'message.send.max.retries'],
  ],
  Consumer: [
    ...['group.id', 'group.instance.id', 'group.protocol', 'group.remote.assignor'],
    ...['partition.assignment.strategy', 'session.timeout.ms', 'heartbeat.interval.ms'],
    ...['max.poll.interval.ms', 'stall.timeout.ms', 'revoke.timeout.ms', 'enable.auto.commit'],
    ...['auto.commit.interval.ms', 'auto.offset.reset', 'isolation.level', 'fetch.min.bytes'],
    ...['fetch.max.bytes', 'fetch.max.wait.ms', 'max.partition.fetch.bytes'],
    ...['prefetch.max.bytes', 'check.crcs', 'on.bad.record', 'fetch.wait.max.ms'],
    ...['fetch.message.max.bytes', 'queued.max.messages.kbytes'],
  ],
  Admin: ['default.api.timeout.ms'],
}

const foreign = new Map(
  Object.values(foreignSettings).flatMap(settings =>
    Object.entries(settings).map(([name, each]) => [plain(name), each] as const),
  ),
)
const owned = new Map(
  Object.entries(settingsOf).flatMap(([owner, names]) =>
    names.map(name => [plain(name), { owner, name, first: names[0]! }] as const),
  ),
)

/**
 * What to say of a name that `set` does not know but another client does, or another kind of ours;
 * undefined where nobody does. Underscores, dots and capitals make no difference.
 */
export function foreignHint(name: string, set: OptionSet): string | undefined {
  const known = foreign.get(plain(name))
  if (known === undefined) {
    const elsewhere = ownedElsewhere(name, set)
    return elsewhere && `${elsewhere.name} is a setting of ${elsewhere.whom}`
  }
  const { setting, words } = known
  if (setting === undefined) return `there is none: ${words}`
  const camel = camelCase(setting)
  const ours = camel === setting ? setting : `${setting} (${camel})`
  const elsewhere = ownedElsewhere(setting, set)
  const whose = elsewhere ? `, a setting of ${elsewhere.whom}` : ''
  return `here it is ${ours}${whose}${words && `: ${words}`}`
}

/** Whose setting it is, unless `set` is theirs. */
function ownedElsewhere(name: string, set: OptionSet): { name: string; whom: string } | undefined {
  const hit = owned.get(plain(name))
  if (hit === undefined || hit.first in set) return undefined
  return { name: hit.name, whom: `${hit.owner === 'Admin' ? 'an' : 'a'} ${hit.owner}` }
}
