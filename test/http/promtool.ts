import { execa } from 'execa'

/**
 * What Prometheus's own `promtool check metrics` finds in a scrape. What does not parse throws; the rest is lint, of which the names that
 * BullMQ and prom-client give their own metrics are left out: dashboards know them so.
 */
export async function promtool(text: string): Promise<string[]> {
  const { exitCode, stdout, stderr } = await execa('promtool', ['check', 'metrics'], { input: text, reject: false })
  if (exitCode !== 0 && exitCode !== LINT) throw new Error(`promtool: ${stderr || stdout || 'it did not run'}`)
  return stderr.split('\n').filter((line) => line !== '' && !THEIRS.test(line))
}

const LINT = 3
const THEIRS =
  /^(bullmq_job_count|nodejs_active_(handles|requests|resources)_total) .* should not have "_(count|total)" suffix$/
