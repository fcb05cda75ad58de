import type { LoadSettings } from './settings.ts'

/** A load test of the site in a few lines, for `loadtest plans`. */
export function describeLoadtest(name: string, settings: LoadSettings): string {
  const { engine, environment, generators, connections, rate, for: time, plan, most_generators, longest } = settings
  const limit = rate === undefined ? 'as fast as it answers' : `${rate} requests/s`
  const what = engine === 'jmeter' ? `JMeter plan \`${plan?.split('/').at(-1) ?? ''}\`` : engine
  return [
    `*${name}* in ${environment}: ${targetText(settings)} by ${what}`,
    `   ${generators} generator${generators === 1 ? '' : 's'} (at most ${most_generators}), ${connections} connections, ${limit}, for ${time} (at most ${longest})`,
    `   ${thresholdsText(settings)}`,
  ].join('\n')
}

function targetText({ target }: LoadSettings): string {
  if (target === undefined) return 'what its plan says'
  return typeof target === 'string' ? `\`${target}\`` : `\`${target.path}\` of \`${target.service}\``
}

function thresholdsText({ thresholds }: LoadSettings): string {
  const { p95_ms, p99_ms, error_percent, min_throughput } = thresholds
  const kept = [
    ...(p95_ms === undefined ? [] : [`p95 at most ${p95_ms} ms`]),
    ...(p99_ms === undefined ? [] : [`p99 at most ${p99_ms} ms`]),
    ...(error_percent === undefined ? [] : [`at most ${error_percent} % errors`]),
    ...(min_throughput === undefined ? [] : [`at least ${min_throughput} requests/s`]),
  ]
  return kept.length > 0 ? `must keep to: ${kept.join(', ')}` : 'no thresholds'
}
