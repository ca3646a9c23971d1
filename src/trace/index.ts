export { modelAt } from './at.ts'
export {
  type BatchModel,
  emptyModel,
  type LogModel,
  type Model,
  type ProducerModel,
  take,
} from './model.ts'
export { type PlainEvent, plainEvent } from './plain-event.ts'
export { type RunOptions, runScenario, type Trace } from './run.ts'
export type { Scenario } from './scenario.ts'
export { scenarios } from './scenarios/index.ts'
export type { Theatre } from './stage.ts'
export { type Entry, type Step, Stepper, stepsOf, type Tracker } from './steps.ts'
