import {
  ansible,
  command,
  duration,
  health,
  http,
  jenkins,
  judgment,
  parallel,
  script,
  sizeOf,
  terraform,
  wait,
  when,
  workflow,
  z,
} from '#crew'

// What the approvers choose decides which stages are done. `stop` is the way out: it needs a reason, and ends everything as rejected.
const LOADED = { ref: 'judgment.choice', is: ['now', 'tonight'] }
const TONIGHT = { ref: 'judgment.choice', is: 'tonight' }

const SERVICE = 'loadtest-app'
const OPS = 'C01OPS'

export default command({
  summary: 'Rehearse a launch: bring the load-test environment up, look at it, and load it now, tonight or not at all.',
  args: z.object({
    size: sizeOf('loadtest').describe('How big'),
    load: duration().default('10s').describe('How long the load lasts'),
    for: duration().default('1h').describe('Taken down again after this long'),
  }),
  examples: ['small', 'medium --load 30s --for 2h'],
  environment: 'loadtest',
  allow: ['engineers', 'pipelines'], // pipelines: also `consul event -name=rehearse small`, see `triggers` of the site
  lifetime: (args) => args.for,
  // The stages in their order; below, each piece says what it is.
  stages: ({ size, load }) => [
    // A plan changes nothing, so it may be made again: after 5 s, and 10 s later once more. What changes something never has a `retry`.
    terraform.plan({ size, retry: { times: 2, wait: '5s', most: '1m' }, timeLimit: '10m' }),
    askForLoad(),
    terraform.apply({ plan: 'terraform.plan' }),
    health({ evenIfEmpty: true }),
    survey(),
    smokeTest(),
    ...parallel([[...when(TONIGHT, [untilNight()]), ...when(LOADED, [warmUp(), loadFor(load)])], announce()]),
    ...when(LOADED, [compare()]),
    look(),
  ],
})

/** One of each group, and both of them the same choice. Who asked never counts, and who has both roles counts for one. */
function askForLoad() {
  return judgment({
    show: 'terraform.plan',
    instructions:
      'Is anybody else measuring? Then choose tonight: the load begins at 22:00 in Tokyo, or when you skip that.',
    choices: [
      { value: 'now', label: 'Load now' },
      { value: 'tonight', label: 'Load tonight' },
      { value: 'none', label: 'No load' },
      'stop',
    ],
    groups: [
      { role: 'approvers', count: 1 },
      { role: 'data', count: 1 },
    ],
    within: '30m',
    remind: '10m',
    evenIfEmpty: true, // the choice is needed also where everything is up already
  })
}

/** A program of ours. Its last line is JSON, `{ "instances": 2, "text": "..." }`, which stages after it take by reference. */
function survey() {
  return script({ id: 'survey', name: 'survey', with: { SERVICE } })
}

/** A job of Jenkins, followed to its end. By default a failure halts everything: what is not well is not loaded. */
function smokeTest() {
  return jenkins({ id: 'smoke', job: 'smoke', with: { INSTANCES: { ref: 'survey.instances' } } })
}

/** A playbook of Ansible on each instance. `continue`: a cold start makes figures worse, and that is no reason to have none. */
function warmUp() {
  return ansible({ id: 'warm-up', playbook: 'warm-up', with: { times: 5 }, onFailure: 'continue' })
}

function untilNight() {
  return wait({ id: 'night', until: '22:00', zone: 'Asia/Tokyo', skip: ['approvers'], why: 'Then the load begins.' })
}

/**
 * Another command, as an execution of its own under this one's lock. `finish-then-fail`: thresholds that were missed fail the rehearsal, and do not
 * cut off what goes on beside it.
 */
function loadFor(load: string) {
  return workflow({
    id: 'load',
    command: 'loadtest run',
    args: { plan: 'smoke', for: load },
    outputs: { p95: 'load.report.p95' },
    onFailure: 'finish-then-fail',
    timeLimit: '20m',
  })
}

/** An address outside. `halt-branch`: nobody's rehearsal should fail because a chat was away; this ends alone, and the message says so. */
function announce() {
  const body = { channel: OPS, text: { ref: 'survey.text' } }
  return http({ id: 'announce', call: 'announce', body, onFailure: 'halt-branch' })
}

/** Only after the load: without `after` it would wait for both branches, and be left out where the announcement failed. */
function compare() {
  const given = { SERVICE, EXPECTED: { ref: 'survey.instances' }, P95: { ref: 'load.p95' } }
  return script({ id: 'compare', name: 'survey', with: given, after: ['load'] })
}

/** Only where one of these failed: its log says what was left. */
function look() {
  return script({ id: 'look', name: 'survey', with: { SERVICE }, recovers: ['smoke', 'load', 'compare'] })
}
