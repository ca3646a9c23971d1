import { useCallback, useEffect, useState } from 'preact/hooks'

export interface Asked<T> {
  readonly value: T | undefined
  readonly problem: string | undefined
  again(): void
}

/** What the server says, asked for now, again every so often, and whenever somebody wants. */
export function useAsked<T>(ask: () => Promise<T>, everyMs?: number): Asked<T> {
  const [value, setValue] = useState<T>()
  const [problem, setProblem] = useState<string>()
  const again = useCallback(() => {
    ask().then(
      found => {
        setValue(found)
        setProblem(undefined)
      },
      error => setProblem(error.message),
    )
  }, [ask])
  useEffect(() => {
    again()
    if (everyMs === undefined) return
    const timer = setInterval(again, everyMs)
    return () => clearInterval(timer)
  }, [again, everyMs])
  return { value, problem, again }
}
