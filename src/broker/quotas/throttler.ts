import type { AppliedQuota, ClientQuotas, QuotaKey } from './client-quotas.ts'
import { Rate } from './rate.ts'

/** Who used something. */
export interface QuotaUser {
  readonly user: string
  readonly clientId: string
}

/** The longest that one answer holds a client back for the time it took (one window). */
const MAX_TIME_THROTTLE_MS = 1000
/** Kafka holds a new connection back no longer. */
const MAX_CONNECTION_THROTTLE_MS = 1000
/** Meters are looked through for idle ones when there are so many more. */
const METERS_AT_A_TIME = 1000

/** Counts what the clients of one broker use, and says how long to hold them back (KIP-219). */
export class Throttler {
  readonly #quotas: ClientQuotas
  readonly #meters = new Map<string, Rate>()
  #roomFor = METERS_AT_A_TIME

  constructor(quotas: ClientQuotas) {
    this.#quotas = quotas
  }

  /** Whether there is nothing to count. */
  get isOff(): boolean {
    return this.#quotas.isEmpty
  }

  /** Counts bytes, or partitions that are made and deleted; gives how long to wait. */
  use(key: QuotaKey, amount: number, { user, clientId }: QuotaUser, nowMs: number): number {
    const quota = this.#quotas.forClient(key, user, clientId)
    return quota ? this.#count(quota, amount, nowMs) : 0
  }

  /** Counts the time that a request took, of which 100 percent are all of one thread. */
  useTime(tookMs: number, who: QuotaUser, nowMs: number): number {
    const percents = (tookMs / 1000) * 100
    return Math.min(this.use('request_percentage', percents, who, nowMs), MAX_TIME_THROTTLE_MS)
  }

  /** Counts a new connection from an address. */
  connect(ip: string, nowMs: number): number {
    const quota = this.#quotas.forAddress(ip)
    return quota ? Math.min(this.#count(quota, 1, nowMs), MAX_CONNECTION_THROTTLE_MS) : 0
  }

  #count({ limit, meter }: AppliedQuota, amount: number, nowMs: number): number {
    const rate = this.#meters.get(meter) ?? new Rate()
    this.#meters.set(meter, rate)
    rate.add(amount, nowMs)
    if (this.#meters.size > this.#roomFor) this.#sweep(nowMs)
    return rate.throttleMs(limit, nowMs)
  }

  /** Whoever makes up client ids must not fill our memory with their meters. */
  #sweep(nowMs: number): void {
    for (const [meter, rate] of this.#meters) if (rate.isIdle(nowMs)) this.#meters.delete(meter)
    this.#roomFor = this.#meters.size + METERS_AT_A_TIME
  }
}
