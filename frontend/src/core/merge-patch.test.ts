import { expect, it } from 'vitest'
import { mergePatch } from './merge-patch'

it('names only what changed', () => {
  expect(mergePatch({ a: 1, b: { c: [1], d: 2 } }, { a: 1, b: { c: [1, 2], d: 2 } })).toEqual({ b: { c: [1, 2] } })
})

it('says null for what went, and nothing when nothing did', () => {
  expect(mergePatch({ keys: { own: { x: ['A'] } } }, { keys: { own: {} } })).toEqual({ keys: { own: { x: null } } })
  expect(mergePatch({ a: { b: 1 } }, { a: { b: 1 } })).toBeNull()
})
