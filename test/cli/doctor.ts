import { examine } from '../../src/cli/doctor/examine.ts'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import type { Visit } from '../../src/cli/doctor/visit.ts'

/** What a visit brought to light. */
export interface Told {
  readonly findings: readonly Finding[]
  readonly isAnybodyThere: boolean
}

/** A visit of the doctor, without the command around it. */
export async function found(
  given: Readonly<Record<string, unknown>>,
  rest: Partial<Pick<Visit, 'topic' | 'role' | 'size' | 'env'>> = {},
): Promise<Told> {
  const findings: Finding[] = []
  const tell = (some: readonly Finding[]) => void findings.push(...some)
  const usual = { topic: undefined, role: 'both', size: undefined, env: {} } as const
  const isAnybodyThere = await examine({ ...usual, ...rest, given, tell })
  return { findings, isAnybodyThere }
}
