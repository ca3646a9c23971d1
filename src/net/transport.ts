/** A host and port as one side dials it or the other listens on it. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** `host:port`, with brackets about an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What a transport tells the one who uses it. */
export interface TransportEvents {
  /** Bytes came in. The chunk is not used again by the transport. */
  data(chunk: Buffer): void
  /**
   * Where to read the next bytes to. Whoever cannot choose a place brings chunks of its own; else a
   * chunk is the front of what was given here.
   */
  room?(): Buffer
  /** A `write` had answered false, and what was written has now left. */
  drain(): void
  /** Nothing will come in or go out any more; called once, also after `close`. */
  closed(cause: Error | undefined): void
}

/** A two-way stream of bytes: TCP, TLS, or two ends in one process. */
export interface Transport {
  /** Who is at the other end, for messages to people. */
  readonly peer: string
  /** The subject of the certificate that the peer showed, as RFC 2253 writes it; by TLS alone. */
  readonly subject?: string
  /** Names who is told; to be called at once, before control returns to the event loop. */
  listen(events: TransportEvents): void
  /**
   * Sends the chunks in order, by reference, in one system call where the platform can.
   * False when much waits to be sent: `drain` will be called when it has left.
   */
  write(chunks: readonly Buffer[]): boolean
  /** Stops `data` events, so that the peer feels the back-pressure; `resume` goes on. */
  pause(): void
  resume(): void
  /** Whether this alone keeps the process alive: a connection that waits for nothing should not. */
  hold(busy: boolean): void
  /** Lets what was written leave, then closes. */
  close(): void
  /** Closes at once; `cause` comes back in `closed`. */
  destroy(cause?: Error): void
}

/** Opens a transport to an address. Rejects with the system's error, or when `signal` aborts. */
export type Dial = (address: Address, signal: AbortSignal) => Promise<Transport>

/** Something that takes connections until it is closed. */
export interface Listener {
  readonly address: Address
  /** Whether this alone keeps the process alive; it does, until told otherwise. */
  hold(busy: boolean): void
  /** Takes no more connections; those that stand are left to their owners. */
  close(): Promise<void>
}

/** Starts to take connections on an address; port 0 means any free one. */
export type Listen = (address: Address, accept: (transport: Transport) => void) => Promise<Listener>
