/** Nothing but Node and the records in memory: what a client's peak memory is compared with. */
import { measure } from './work.js'

await measure(() => 0)
