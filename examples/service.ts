/**
 * A service with one producer for all requests, which answers when the order is stored, and which
 * ends in order: no new requests, those in work are finished, then the producer is closed.
 *
 *     npx tsx examples/service.ts        # then: curl -d 'a book' localhost:8080/orders/ada
 *
 * KAFKA_BOOTSTRAP_SERVERS says where Kafka is; without it a broker runs in this process.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { KafkaError, Producer } from '../src/index.ts'

const { KAFKA_BOOTSTRAP_SERVERS: servers = 'embedded:1', PORT = '8080' } = process.env
// Whoever waits for an answer does not wait for two minutes.
const producer = new Producer({ 'bootstrap.servers': servers, 'delivery.timeout.ms': 5_000 })

async function order(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, path, user] = (request.url ?? '').split('/')
  if (request.method !== 'POST' || path !== 'orders' || !user) return reply(response, 404, {})
  try {
    const value = await text(request)
    const { partition, offset } = await producer.send({ topic: 'orders', key: user, value })
    reply(response, 201, { partition, offset })
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    reply(response, error.retriable ? 503 : 500, { code: error.code, message: error.message })
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const server = createServer((request, response) => {
  order(request, response).catch((error: Error) => response.destroy(error))
})
server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

process.once('SIGTERM', stop).once('SIGINT', stop)
function stop(): void {
  // Takes no more connections, and calls back when the last answer is out.
  server.close(async () => {
    const left = await producer.close()
    const { recordsDelivered } = producer.metrics()
    console.log(`closed: ${recordsDelivered} orders stored, ${left.length} left`)
  })
  server.closeIdleConnections()
}
