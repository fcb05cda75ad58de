import { spawn } from 'node:child_process'

/** Opens the page where there is a desktop to open it on. It is a courtesy: nothing depends on it, and it never fails. */
export function openBrowser(url: string, environment: NodeJS.ProcessEnv): void {
  const program = opener(environment)
  if (!program || environment.CI) return
  const child = spawn(program, [url], { stdio: 'ignore', detached: true, env: environment })
  child.on('error', () => {})
  child.unref()
}

function opener({ DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): string | undefined {
  if (process.platform === 'darwin') return 'open'
  return DISPLAY || WAYLAND_DISPLAY ? 'xdg-open' : undefined
}
