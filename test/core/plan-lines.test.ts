import { describe, expect, test } from 'vitest'
import { planParts } from '../../src/core/plan-lines.ts'

const PLAN = `
Terraform used the selected providers to generate the following execution
plan. Resource actions are indicated with the following symbols:
  + create
-/+ destroy and then create replacement

Terraform will perform the following actions:

  # terraform_data.a will be created
  + resource "terraform_data" "a" {
      + input = "one"
    }

  # terraform_data.b must be replaced
-/+ resource "terraform_data" "b" {
      ~ input = "one" -> "two" # forces replacement
        # (1 unchanged attribute hidden)
    }

  # terraform_data.c will be destroyed
  # (because terraform_data.c is not in configuration)
  - resource "terraform_data" "c" {
      - input = "x" -> null
    }

Plan: 2 to add, 0 to change, 2 to destroy.

Changes to Outputs:
  ~ out = "a" -> "b"
`

describe('the text of a plan', () => {
  test('is cut into its changes, each with what happens', () => {
    expect(planParts(PLAN).map(({ head, kind }) => [head, kind])).toEqual([
      [null, 'plain'],
      ['terraform_data.a will be created', 'create'],
      ['terraform_data.b must be replaced', 'replace'],
      ['terraform_data.c will be destroyed', 'delete'],
      [null, 'plain'],
    ])
  })

  test('keeps every line, with its sign', () => {
    const lines = planParts(PLAN).flatMap((part) => part.lines)
    const kindOf = (text: string) => lines.find((line) => line.text.includes(text))?.kind
    expect(kindOf('+ input')).toBe('create')
    expect(kindOf('~ input')).toBe('update')
    expect(kindOf('-/+ resource')).toBe('replace')
    expect(kindOf('- input')).toBe('delete')
    expect(kindOf('because')).toBe('head')
    expect(kindOf('Plan: 2')).toBe('total')
    expect(kindOf('~ out')).toBe('update')
    const all = planParts(PLAN).flatMap(({ head, lines: of }) => [
      ...(head ? [`  # ${head}`] : []),
      ...of.map(({ text }) => text),
    ])
    const said = (each: string) => each.trim() !== ''
    expect(all.filter(said)).toEqual(PLAN.split('\n').filter(said))
  })

  test('that is none is simply shown', () => {
    expect(planParts('something else\n')).toEqual([
      { head: null, kind: 'plain', lines: [{ kind: 'plain', text: 'something else' }] },
    ])
    expect(planParts('')).toEqual([])
  })
})
