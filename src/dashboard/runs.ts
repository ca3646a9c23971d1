import { EmbeddedCluster } from '../broker/index.ts'
import { runScenario, type Scenario, scenarios, type Theatre, type Trace } from '../trace/index.ts'
import { BadRequest } from './responses.ts'

const BROKERS = 3
/** More than that at once wait for their turn. */
const AT_ONCE = 4

/** Runs scenarios for pages: on the cluster that is given, or on one of its own. */
export class Runs {
  readonly #theatre: Theatre | undefined
  #own: Promise<EmbeddedCluster> | undefined
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(theatre: Theatre | undefined) {
    this.#theatre = theatre
  }

  /** The scenarios that can be run here. */
  get scenarios(): readonly Scenario[] {
    const isRemote = this.#theatre !== undefined && !this.#theatre.cluster
    return scenarios.filter(({ needsEmbedded }) => !needsEmbedded || !isRemote)
  }

  /** Runs one, and gives its trace. Rejects with a BadRequest for one that is not there. */
  async run(name: string): Promise<Omit<Trace, 'steps'>> {
    const scenario = this.scenarios.find(each => each.name === name)
    if (!scenario) throw new BadRequest(`there is no scenario ${name}`)
    await this.#turn()
    try {
      const { steps: _, ...trace } = await runScenario(scenario, await this.#place())
      return trace
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  async close(): Promise<void> {
    const own = await this.#own?.catch(() => undefined)
    await own?.stop()
  }

  async #turn(): Promise<void> {
    while (this.#running >= AT_ONCE) await new Promise<void>(go => this.#waiting.push(go))
    this.#running++
  }

  async #place(): Promise<Theatre> {
    if (this.#theatre) return this.#theatre
    this.#own ??= EmbeddedCluster.start({ brokers: BROKERS })
    const cluster = await this.#own
    return { settings: { 'bootstrap.servers': cluster.bootstrapServers }, cluster }
  }
}
