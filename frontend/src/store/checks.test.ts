import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fromBase64 } from '@/core/base64'
import { rowAt, unpack } from './chunks'
import { brokenRule } from '@/geometry/checks'

interface Case {
  name: string
  width: number
  height: number
  table: string
  rule: string | null
}
const cases = JSON.parse(
  readFileSync(new URL('../../../tests/protocol/geometry.json', import.meta.url), 'utf8'),
) as Case[]

it.each(cases)('$name', ({ width, height, table, rule }) => {
  expect(brokenRule(rowAt(unpack(fromBase64(table)), 0), { width, height })).toBe(rule)
})
