import type { Model } from './model.ts'
import { type Entry, Stepper } from './steps.ts'

/** How things stood after a step, by its number; before the first for 0. */
export function modelAt(entries: readonly Entry[], step: number): Model {
  const stepper = new Stepper()
  if (step <= 0) return stepper.model
  for (const entry of entries) {
    if (stepper.take(entry)?.step === step) break
  }
  return stepper.model
}
