import { describe, expect, test } from 'vitest'
import { html, textOf } from '../../src/http/html.ts'
import { errorPage } from '../../src/http/pages/error.ts'

const evil = `<script>alert("1")</script>'&`

describe('html', () => {
  test('escapes every value, in text and in attributes', () => {
    const made = textOf(html`<a title="${evil}">${evil}</a>`)
    expect(made).toBe(
      '<a title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;">&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;</a>',
    )
  })

  test('takes pieces as they are, joins lists, and says nothing for null and false', () => {
    expect(textOf(html`<p>${[html`<b>1</b>`, '<2>', 3]}${null}${false}${undefined}</p>`)).toBe(
      '<p><b>1</b>&lt;2&gt;3</p>',
    )
  })

  test('an object that only looks like a piece is none', () => {
    const forged = JSON.parse('{"markup":"<b>"}') as never
    expect(() => textOf(html`${forged}`)).toThrow()
  })

  test('leaves out what cannot be seen', () => {
    expect(textOf(html`${'a\u202Eb\u0000c\u001B[31md'}`)).toBe('abcd')
  })

  test('a refusal is shown as text', () => {
    expect(errorPage(403, evil)).toContain('&lt;script&gt;')
  })
})
