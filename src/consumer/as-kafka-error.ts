import { asError, KafkaError } from '../errors.ts'

/** Any thrown thing as a KafkaError; what was none is its cause, under the code that is given. */
export function asKafkaError(thrown: unknown, code: string): KafkaError {
  const error = asError(thrown)
  if (error instanceof KafkaError) return error
  return new KafkaError({ code, message: error.message, cause: error })
}
