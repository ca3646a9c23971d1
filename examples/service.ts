/**
 * A service with one producer for all requests, which answers when the order is stored, and which
 * ends in order: no new requests, those in work are finished, then the producer is closed.
 *
 *     npx tsx examples/service.ts        # then: curl -d 'a book' localhost:8080/orders/ada
 *
 * KAFKA_BOOTSTRAP_SERVERS says where Kafka is; without it a broker runs in this process.
 */
import fastify from 'fastify'
import { KafkaError, Producer } from '../src/index.ts'

const { KAFKA_BOOTSTRAP_SERVERS: servers = 'embedded:1', PORT = '8080' } = process.env
// Whoever waits for an answer does not wait for two minutes.
const producer = new Producer({ 'bootstrap.servers': servers, 'delivery.timeout.ms': 20_000 })
// Idle connections are closed when the service ends; one that was busy then, a second after.
const app = fastify({ forceCloseConnections: 'idle', keepAliveTimeout: 1_000 })

// An order is a text, whatever it calls itself.
app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

app.post<{ Params: { user: string }; Body: string }>('/orders/:user', async (request, reply) => {
  const { params, body: value } = request
  const { partition, offset } = await producer.send({ topic: 'orders', key: params.user, value })
  return reply.code(201).send({ partition, offset })
})

app.setErrorHandler((error: Error, _request, reply) => {
  if (!(error instanceof KafkaError)) return reply.send(error)
  const { code, message, retriable } = error
  return reply.code(retriable ? 503 : 500).send({ code, message })
})

process.once('SIGTERM', stop).once('SIGINT', stop)
async function stop(): Promise<void> {
  // Takes no more connections, and resolves when the last answer is out.
  await app.close()
  const left = await producer.close()
  const { recordsDelivered } = producer.metrics()
  console.log(`closed: ${recordsDelivered} orders stored, ${left.length} left`)
}

console.log(`ready ${await app.listen({ port: Number(PORT), host: '127.0.0.1' })}`)
