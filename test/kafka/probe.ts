import { connect, type Socket } from 'node:net'

// Written by hand, and not with the project's own codec: what decides whether a test may begin
// must not depend on what the test is there to check.

const METADATA = 3
const VERSION = 1

/**
 * The ids of the brokers that the one listening there knows to be up, or nothing when it does not
 * answer a Metadata request yet. For listeners without TLS and SASL.
 */
export function brokersKnownTo(
  host: string,
  port: number,
  limitMs = 2_000,
): Promise<number[] | undefined> {
  return visit<number[] | undefined>(host, port, limitMs, undefined, (socket, settle) => {
    let received = Buffer.alloc(0)
    socket.on('connect', () => socket.write(metadataRequest()))
    socket.on('data', chunk => {
      received = Buffer.concat([received, chunk])
      const whole = received.length >= 4 && received.length >= 4 + received.readInt32BE(0)
      if (whole) settle(brokerIds(received))
    })
  })
}

/** Whether somebody takes connections there. */
export function isListening(host: string, port: number, limitMs = 2_000): Promise<boolean> {
  return visit(host, port, limitMs, false, (socket, settle) => {
    socket.on('connect', () => settle(true))
  })
}

/** What is found out over one connection, or `nothing` where it fails, ends or takes too long. */
function visit<T>(
  host: string,
  port: number,
  limitMs: number,
  nothing: T,
  look: (socket: Socket, settle: (found: T) => void) => void,
): Promise<T> {
  return new Promise(resolve => {
    const socket = connect({ host, port })
    const settle = (found: T) => {
      socket.destroy()
      resolve(found)
    }
    socket.setTimeout(limitMs, () => settle(nothing))
    socket.on('error', () => settle(nothing))
    socket.on('close', () => resolve(nothing))
    look(socket, settle)
  })
}

/** Metadata v1 that asks for no topics, under request header v1. */
function metadataRequest(): Buffer {
  const clientId = 'probe'
  const frame = Buffer.alloc(4 + 2 + 2 + 4 + 2 + clientId.length + 4)
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt16BE(METADATA, 4)
  frame.writeInt16BE(VERSION, 6)
  frame.writeInt32BE(1, 8)
  frame.writeInt16BE(clientId.length, 12)
  frame.write(clientId, 14, 'latin1')
  frame.writeInt32BE(0, 14 + clientId.length)
  return frame
}

function brokerIds(frame: Buffer): number[] {
  const ids: number[] = []
  const count = frame.readInt32BE(8)
  let at = 12
  for (let i = 0; i < count; i++) {
    ids.push(frame.readInt32BE(at))
    at += 4
    at += 2 + frame.readInt16BE(at) // host
    at += 4 // port
    at += 2 + Math.max(0, frame.readInt16BE(at)) // rack, null as -1
  }
  return ids
}
