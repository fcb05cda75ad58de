import {
  command,
  duration,
  health,
  http,
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

/** What the approver chooses. `stop` is the third way out: it needs a reason, and ends everything as rejected. */
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
  allow: ['engineers'],
  lifetime: (args) => args.for,
  stages: ({ size, load }) => [
    // A plan changes nothing, so it may be made again: after 5 s, and 10 s later once more. What changes something never has a `retry`.
    terraform.plan({ size, retry: { times: 2, wait: '5s', most: '1m' }, timeLimit: '10m' }),
    judgment({
      show: 'terraform.plan',
      instructions:
        'Is anybody else measuring? Then choose tonight: the load begins at 22:00 in Tokyo, or when you skip that.',
      choices: [
        { value: 'now', label: 'Load now' },
        { value: 'tonight', label: 'Load tonight' },
        { value: 'none', label: 'No load' },
        'stop',
      ],
      within: '30m',
      remind: '10m',
      evenIfEmpty: true, // the choice is needed also where everything is up already
    }),
    terraform.apply({ plan: 'terraform.plan' }),
    health({ evenIfEmpty: true }),
    // Its last line is JSON, `{ "instances": 2, "text": "..." }`, which stages after it take by reference.
    script({ id: 'survey', name: 'survey', with: { SERVICE } }),
    ...parallel([
      [
        ...when(TONIGHT, [
          wait({ id: 'night', until: '22:00', zone: 'Asia/Tokyo', skip: ['approvers'], why: 'Then the load begins.' }),
        ]),
        // An execution of its own, under this one's lock. `finish-then-fail`: thresholds that were missed fail the rehearsal, and
        // do not cut off what goes on beside it.
        ...when(LOADED, [
          workflow({
            id: 'load',
            command: 'loadtest run',
            args: { plan: 'smoke', for: load },
            outputs: { p95: 'load.report.p95' },
            onFailure: 'finish-then-fail',
            timeLimit: '20m',
          }),
        ]),
      ],
      // Nobody's rehearsal should fail because a chat was away: this branch ends alone, and the message says so.
      http({
        id: 'announce',
        call: 'announce',
        body: { channel: OPS, text: { ref: 'survey.text' } },
        onFailure: 'halt-branch',
      }),
    ]),
    // Without `after` it would wait for both branches, and be left out where the announcement failed.
    ...when(LOADED, [
      script({
        id: 'compare',
        name: 'survey',
        with: { SERVICE, EXPECTED: { ref: 'survey.instances' }, P95: { ref: 'load.p95' } },
        after: ['load'],
      }),
    ]),
    // Only where one of these failed, so that its log says what was left.
    script({ id: 'look', name: 'survey', with: { SERVICE }, recovers: ['load', 'compare'] }),
  ],
})
