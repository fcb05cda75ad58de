import { describe, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import {
  applyArgv,
  diagnose,
  environmentFor,
  initArgv,
  planArgv,
  showJsonArgv,
  showTextArgv,
  stateListArgv,
} from '../../src/tools/terraform.ts'

const error = (summary: string, detail = '') => ({ severity: 'error', summary, detail })

describe('the arguments', () => {
  test('of a plan save it, never ask, and stream JSON', () => {
    const argv = planArgv({ planFile: 'p.tfplan', lockTimeout: '60s' })
    expect(argv).toEqual(['plan', '-input=false', '-lock-timeout=60s', '-out=p.tfplan', '-detailed-exitcode', '-json'])
  })

  test('of a plan carry each variable as one item, whatever is in it', () => {
    const variables = { app_count: 12, spot: false, name: '-x $(id) "é" = y', empty: '' }
    expect(planArgv({ planFile: 'p', lockTimeout: '5m', variables }).slice(6)).toEqual([
      '-var=app_count=12',
      '-var=spot=false',
      '-var=name=-x $(id) "é" = y',
      '-var=empty=',
    ])
  })

  test('of a plan say whether it destroys or only refreshes, but never both', () => {
    const base = { planFile: 'p', lockTimeout: '1s' }
    expect(planArgv({ ...base, destroy: true })).toContain('-destroy')
    expect(planArgv({ ...base, destroy: false })).not.toContain('-destroy')
    expect(planArgv({ ...base, refreshOnly: true })).toContain('-refresh-only')
    expect(() => planArgv({ ...base, refreshOnly: true, destroy: true })).toThrow(/cannot do both/)
  })

  test.each(['x=y', '-lock', 'a b', '', '1st'])('refuse the variable name %j', (name) => {
    expect(() => planArgv({ planFile: 'p', lockTimeout: '1s', variables: { [name]: 1 } })).toThrow(UserError)
  })

  test('refuse a number that is none', () => {
    expect(() => planArgv({ planFile: 'p', lockTimeout: '1s', variables: { n: Number.NaN } })).toThrow(/`n` is NaN/)
  })

  test('put a time with days as Terraform reads it, and refuse what is no time', () => {
    expect(applyArgv({ planFile: 'p', lockTimeout: '1d12h' })).toContain('-lock-timeout=24h12h')
    expect(() => applyArgv({ planFile: 'p', lockTimeout: '60' })).toThrow(/`60` is not a time/)
  })

  test('of an apply end with the saved plan, and there is no apply without one', () => {
    const argv = applyArgv({ planFile: '/run/p.tfplan', lockTimeout: '60s' })
    expect(argv).toEqual(['apply', '-input=false', '-lock-timeout=60s', '-json', '/run/p.tfplan'])
    for (const planFile of ['', '-auto-approve']) {
      expect(() => applyArgv({ planFile, lockTimeout: '60s' })).toThrow(/path of a plan file/)
    }
  })

  test('of init carry the backend configuration', () => {
    const argv = initArgv({ backendConfig: { address: '127.0.0.1:8500', path: 'a=b/state' } })
    const items = ['-backend-config=address=127.0.0.1:8500', '-backend-config=path=a=b/state']
    expect(argv).toEqual(['init', '-input=false', '-reconfigure', '-no-color', ...items])
    expect(initArgv()).toHaveLength(4)
    expect(() => initArgv({ backendConfig: { 'x y': '1' } })).toThrow(UserError)
  })

  test('of the reading commands', () => {
    expect(showJsonArgv('p')).toEqual(['show', '-json', 'p'])
    expect(showTextArgv('p')).toEqual(['show', '-no-color', 'p'])
    expect(stateListArgv()).toEqual(['state', 'list'])
  })
})

describe('the environment', () => {
  test('holds what automation needs and nothing that was not listed', () => {
    const inherit = {
      LANG: 'de_DE.UTF-8',
      CONSUL_HTTP_ADDR: 'http://127.0.0.1:8500',
      TF_CLI_CONFIG_FILE: 'tf.rc',
      TF_CLI_ARGS: '-lock=false',
      TF_WORKSPACE: 'other',
      SLACK_BOT_TOKEN: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
      PATH: '/evil',
    }
    expect(environmentFor({ path: '/usr/bin', home: '/home/crew', workspace: 'bay-1', inherit })).toEqual({
      PATH: '/usr/bin',
      HOME: '/home/crew',
      LANG: 'de_DE.UTF-8',
      CONSUL_HTTP_ADDR: 'http://127.0.0.1:8500',
      TF_CLI_CONFIG_FILE: 'tf.rc',
      TF_WORKSPACE: 'bay-1',
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      CHECKPOINT_DISABLE: '1',
    })
  })

  test('takes what the site passes, also when it is empty, and leaves out what is not set', () => {
    const env = environmentFor({
      path: '/bin',
      home: '/',
      pass: { TF_VAR_note: '', AWS_PROFILE: 'crew', UNSET: undefined },
    })
    expect(env).toMatchObject({ TF_VAR_note: '', AWS_PROFILE: 'crew' })
    expect(env).not.toHaveProperty('UNSET')
    expect(env).not.toHaveProperty('TF_WORKSPACE')
  })

  test.each(['TF_CLI_ARGS', 'TF_CLI_ARGS_apply', 'TF_WORKSPACE', 'TF_INPUT'])('refuses to pass %s', (name) => {
    expect(() => environmentFor({ path: '/bin', home: '/', pass: { [name]: 'x' } })).toThrow(
      `${name} may not be passed`,
    )
  })
})

describe('a diagnosis', () => {
  test.each([
    ['stale-plan', error('Saved plan is stale', 'The given plan file can no longer be applied because ...')],
    ['stale-plan', error('Saved plan does not match the given state')],
    ['incomplete-plan', error('Cannot apply incomplete plan')],
    ['state-locked', error('Error acquiring the state lock', 'Error message: resource temporarily unavailable')],
    ['state-not-saved', error('Failed to save state')],
    ['state-not-saved', error('Failed to persist state to backend')],
    ['interrupted', error('execution halted')],
    ['interrupted', error('operation canceled')],
    ['interrupted', error('local-exec provisioner error', "Error running command 'a\nb': signal: interrupt. Output: ")],
    [
      'other-version',
      error(
        'Failed to read plan',
        'plan file was created by Terraform 1.11.4, but this is 1.12.0; plan files cannot be transferred',
      ),
    ],
    [
      'other-version',
      error(
        'Inconsistent dependency lock file',
        'The given plan file was created with a different set of\nexternal dependency selections than ...',
      ),
    ],
    [
      'other-version',
      error('Error', 'state snapshot was created by Terraform v1.12.0, which is newer than current v1.11.4'),
    ],
    ['other', error('Inconsistent dependency lock file', 'Provider requirements cannot be satisfied')],
    ['other', error('local-exec provisioner error', "Error running command 'x': exit status 3. Output: ")],
  ] as const)('is %s for %o', (kind, diagnostic) => {
    expect(diagnose([diagnostic])).toBe(kind)
  })

  test('names the gravest of several errors', () => {
    const lost = error('Failed to persist state to backend')
    expect(diagnose([error('execution halted'), error('boom'), lost])).toBe('state-not-saved')
  })

  test('does not count warnings, and is other where nothing is known', () => {
    expect(diagnose([{ severity: 'warning', summary: 'Saved plan is stale' }])).toBe('other')
    expect(diagnose([])).toBe('other')
  })
})
