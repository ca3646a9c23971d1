import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'

/**
 * Sees to it that no JVM outlives us, however we end: a small shell whose standard input ends
 * when we do, be it by SIGKILL. Then it kills what the pid files in `folder` name and, where
 * `removes`, deletes the folder.
 */
export async function watchOver(folder: string, removes: boolean): Promise<() => Promise<void>> {
  const script = `
    cat
    for file in "$1"/*/pid; do [ -f "$file" ] && kill -9 "$(cat "$file")"; done
    [ "$2" = remove ] && rm -rf "$1"
    exit 0`
  const shell = spawn('sh', ['-c', script, 'sh', folder, removes ? 'remove' : 'keep'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  await once(shell, 'spawn')
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  return async () => {
    shell.ref()
    const gone = once(shell, 'exit')
    shell.stdin.end()
    await gone
  }
}
