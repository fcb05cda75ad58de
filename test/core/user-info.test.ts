import { expect, test } from 'vitest'
import { withoutPasswords } from '../../src/core/user-info.ts'

test.each([
  ['postgres://u:pw@host:5432/db?sslmode=on', 'postgres://u:***@host:5432/db?sslmode=on'],
  ['{"url":"redis://:p%40ss@h:6379/0","b":"x@y"}', '{"url":"redis://:***@h:6379/0","b":"x@y"}'],
  ['a=amqp://u:a@b:c@h b=http://v:w@i/', 'a=amqp://u:***@h b=http://v:***@i/'],
  ['mongodb://u:pw@h1:27017,h2:27017/db', 'mongodb://u:***@h1:27017,h2:27017/db'],
  ['postgres://me@server:pw@host/db', 'postgres://me@server:***@host/db'],
  ['mysql://u:p/w?x#y@host/db', 'mysql://u:***@host/db'],
  ["jdbc:postgresql://u:it's@host/db", 'jdbc:postgresql://u:***@host/db'],
  ['mongodb+srv://u:12345@h/', 'mongodb+srv://u:***@h/'],
])('%s is shown as %s', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown)
})

test.each([
  'http://host:8080/a@b',
  'ssh://git@host:22/x.git',
  'http://a@h:80,http://b@h:80',
  'http://[::1]:8500/v1',
  'u:pw@host, and 10:30 at a@b',
  'https://host/path:with@sign',
])('%s has no password and stays', (text) => {
  expect(withoutPasswords(text)).toBe(text)
})

test('a value as large as Consul takes, made to be slow, is done at once', () => {
  const text = '://a:'.repeat(100_000)
  expect(withoutPasswords(text)).toBe(text)
})
