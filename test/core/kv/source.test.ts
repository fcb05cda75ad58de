import { describe, expect, test } from 'vitest'
import { readServices, serviceText, serviceWords, wantedServices } from '../../../src/core/kv/services.ts'
import { readSettings, wantedOf } from '../../../src/core/kv/source.ts'
import { treeOf } from '../../../src/stages/kv/file.ts'

const read = (text: string, file = 'config/app.yml') => readSettings(file, treeOf(file, Buffer.from(text)))
const settings = { prefixes: ['config/app/'], pass: ['SECRET'] }
const wanted = (texts: Record<string, string>, variables: Record<string, string> = {}, given = settings) => {
  const files = Object.entries(texts).map(([file, text]) => read(text, file))
  const all = wantedOf(files, ['dc1', 'dc2'], given, variables)
  return Object.fromEntries(
    [...all].map(([dc, keys]) => [dc, Object.fromEntries([...keys].map(([key, { value }]) => [key, value]))]),
  )
}
const one = (text: string, variables?: Record<string, string>) => () => wanted({ 'config/app.yml': text }, variables)

describe('a file of settings', () => {
  test('nested maps become keys, and what is written is what stands in Consul', () => {
    expect(
      wanted({
        'config/app.yml': `common:
  a: { b: { c: x }, d/e: y }
  number: 1.10
  octal: 0755
  exponent: 1e3
  yes: yes
  flag: true
  empty: ""
  text: |
    one
    two
  unicode: "äöü ☃"
local:
  dc2: { a: { b: { c: local } }, own: 1 }
`,
      }),
    ).toEqual({
      dc1: {
        'config/app/a/b/c': 'x',
        'config/app/a/d/e': 'y',
        'config/app/number': '1.10',
        'config/app/octal': '0755',
        'config/app/exponent': '1e3',
        'config/app/yes': 'yes',
        'config/app/flag': 'true',
        'config/app/empty': '',
        'config/app/text': 'one\ntwo\n',
        'config/app/unicode': 'äöü ☃',
      },
      dc2: expect.objectContaining({ 'config/app/a/b/c': 'local', 'config/app/own': '1', 'config/app/number': '1.10' }),
    })
  })

  test.each([
    ['config/app.yml', 'common:\n  password: "x\\Uhunter2x"\n', /Invalid escape sequence at line 2, column 15/],
    ['config/app.yml', 'common:\n  password: !hunter2 x\n', /Unresolved tag at line 2, column 13/],
    ['config/app.yml', 'common:\n  password: |hunter2\n', /includes extra characters at line 2, column 14/],
    ['config/app.json', '{"common":{"password":hunter2}}', /`config\/app.json` is not JSON\./],
    ['config/app.json', '{"common":{"password":"hunter2",}}', /is not JSON: look at line 1, column 33\./],
  ])('what cannot be read is told without what stands there: %s %j', (file, text, wanted) => {
    expect(() => read(text, file)).toThrow(wanted)
    expect(() => read(text, file)).not.toThrow(/hunter/)
  })

  test('says its prefix itself, or by its path; JSON is read alike, with its numbers as they stand', () => {
    const files = {
      'x.json': '{"prefix":"config/app/web/","common":{"n":1.10,"m":{"o":"p"}}}',
      'config/app/db.yaml': 'common: { host: h }',
    }
    expect(wanted(files).dc1).toEqual({
      'config/app/web/n': '1.10',
      'config/app/web/m/o': 'p',
      'config/app/db/host': 'h',
    })
  })

  test('takes a value from the environment only where the site names the variable', () => {
    expect(wanted({ 'config/app.yml': 'common: { p: { from_env: SECRET } }' }, { SECRET: 's3cret' }).dc1).toEqual({
      'config/app/p': 's3cret',
    })
    expect(one('common: { p: { from_env: PATH } }', { PATH: '/bin' })).toThrow(
      /`config\/app.yml`: `common.p` takes the variable PATH, which the site does not give/,
    )
    expect(one('common: { p: { from_env: SECRET } }')).toThrow(/which is not set on this worker/)
    expect(one('common: { p: { from_env: [SECRET] } }')).toThrow(/`common.p.from_env` is no name/)
  })

  test.each([
    ['a key twice', 'common: { a: 1, a: 2 }', /unique/],
    [
      'a key twice by its path',
      'common: { a: { b: 1 }, a/b: 2 }',
      /`common.a\/b` names the key config\/app\/a\/b a second time/,
    ],
    ['a list', 'common: { a: { b: [1, 2] } }', /`common.a.b` is a list/],
    ['nothing', 'common: { a: }', /`common.a` has no value/],
    ['an alias', 'common: { a: &x 1, b: *x }', /`common.b` is an alias/],
    ['a tag', 'common: { a: !secret 1 }', /[Uu]nresolved tag/],
    ['keys at the top', 'a: 1', /`a` is none of prefix, empty, common, local/],
    ['a value for common', 'common: 1', /`common` is a value, where a map is expected/],
    ['a value for a datacenter', 'local: { dc1: 1 }', /`local.dc1` is a value/],
    [
      'an unknown datacenter',
      'local: { dc9: { a: 1 } }',
      /`local.dc9` is no datacenter of this source; there are dc1, dc2/,
    ],
    [
      'a prefix of somebody else',
      'prefix: infra/\ncommon: { a: 1 }',
      /no file for config\/app\/|infra\/a, which is below no prefix/,
    ],
    ['a way up', 'common: { "../x": 1 }', /a part that is only dots/],
    ['an empty part', 'common: { "a//b": 1 }', /has an empty part/],
    ['a control character', 'common: { "a\\u0007": 1 }', /a control character/],
    ['a value over 512 KiB', `common: { a: "${'x'.repeat(512 * 1024 + 1)}" }`, /`common.a` has 524289 bytes/],
    ['no key', 'common: {}', /has no key, so nothing is planned/],
    ['two documents', 'common: { a: 1 }\n---\ncommon: { b: 1 }', /multiple documents/],
  ])('is refused for %s, with file and place', (_what, text, why) => {
    expect(one(text)).toThrow(why)
    expect(one(text)).toThrow(/config\/app/)
  })

  test('is refused for bytes that are no UTF-8, and JSON that is none', () => {
    expect(() => treeOf('a.yml', new Uint8Array([0x61, 0x3a, 0x20, 0xff]))).toThrow('`a.yml` is not valid UTF-8.')
    expect(() => treeOf('a.json', Buffer.from('{"a":1,}'))).toThrow(/`a.json` is not JSON/)
  })

  test('cannot name what another file names, nor a key beside its prefix', () => {
    expect(() =>
      wanted({ 'config/app.yml': 'common: { a: 1 }', 'x.yml': 'prefix: config/app/\ncommon: { a: 2 }' }),
    ).toThrow(/`x.yml`: `common.a` names the key config\/app\/a, which `config\/app.yml` has too/)
    expect(() => wanted({ 'config/app.yml': 'common: { a: 1 }', 'config/b.yml': 'common: { a: 2 }' })).toThrow(
      /`config\/b.yml`: `common.a` makes the key config\/b\/a, which is below no prefix that the site gives/,
    )
  })

  test('says in a word that a prefix is to be emptied; without a file for it nothing is planned', () => {
    expect(wanted({ 'config/app.yml': 'empty: true' }).dc1).toEqual({})
    const two = { ...settings, prefixes: ['config/app/', 'config/web/'] }
    expect(() => wanted({ 'config/app.yml': 'common: { a: 1 }' }, {}, two)).toThrow(/no file for config\/web\//)
  })

  test('a name that objects have of themselves is a key like any other', () => {
    expect(
      Object.entries(wanted({ 'config/app.yml': 'common: { __proto__: a, constructor: { toString: b } }' }).dc1 ?? {}),
    ).toEqual([
      ['config/app/__proto__', 'a'],
      ['config/app/constructor/toString', 'b'],
    ])
  })
})

describe('a file of services', () => {
  const services = (text: string) => readServices('services.yml', treeOf('services.yml', Buffer.from(text)))

  test('gives each datacenter what is common and what is local', () => {
    const file = services(
      'common: { db: { node: n, address: a.example.com } }\nlocal: { dc2: { db: { node: n, address: b.example.com, port: 1 } } }',
    )
    const all = wantedServices([file], ['dc1', 'dc2'])
    expect([...(all.get('dc1')?.values() ?? [])]).toMatchObject([
      { id: 'db', name: 'db', address: 'a.example.com', port: 0 },
    ])
    expect([...(all.get('dc2')?.values() ?? [])]).toMatchObject([{ address: 'b.example.com', port: 1 }])
  })

  test('two that Consul takes for the same are refused', () => {
    const file = services('common: { db: { node: n, address: a }, DB: { node: N, address: a } }')
    expect(() => wantedServices([file], ['dc1'])).toThrow(/is N\/DB and differs from n\/db only in capital letters/)
  })

  test('is told with all that is registered, but for who logs in by the address of its check', () => {
    const file = services(
      'common: { db: { node: n, address: a, tags: [x], check: { http: "https://u:hunter2@a:1/x?key=hunter2" } } }',
    )
    const [db] = wantedServices([file], ['dc1']).get('dc1')?.values() ?? []
    const told = serviceWords(serviceText(db as never))
    expect(told).toMatch(/^db at a:0, tags x, check http=https:\/\/\*\*\*@a:1\/x\?\*\*\* interval=30s method=GET/)
    expect(told).not.toContain('hunter2')
  })

  test('times are compared by how long they are, however they are spelled', () => {
    const probe = (interval: string) => ({
      id: 'a',
      name: 'a',
      node: 'n',
      address: 'x',
      port: 1,
      tags: [],
      meta: {},
      check: { tcp: 'x:1', interval, timeout: '10s' },
    })
    expect(serviceText(probe('90s'))).toBe(serviceText(probe('1m30s')))
    expect(serviceText(probe('90s'))).not.toBe(serviceText(probe('91s')))
  })

  test.each([
    ['no node', 'common: { db: { address: a } }', /`services.yml`: `common.db.node` is not right/],
    ['a port that is none', 'common: { db: { node: n, address: a, port: 99999 } }', /common.db.port/],
    ['a check of no known kind', 'common: { db: { node: n, address: a, check: { script: x } } }', /common.db.check/],
    ['what it does not know', 'common: { db: { node: n, address: a, weight: 1 } }', /common.db/],
    ['a port that is no number', 'common: { db: { node: n, address: a, port: "" } }', /common.db.port/],
    ['an address of two words', 'common: { db: { node: n, address: "a b" } }', /common.db.address/],
    ['our own mark', 'common: { db: { node: n, address: a, meta: { external-source: x } } }', /says that it is ours/],
    ['no service', 'common: {}', /names no service/],
  ])('is refused for %s', (_what, text, why) => {
    expect(() => services(text)).toThrow(why)
  })
})
