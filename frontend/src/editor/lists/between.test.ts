import { expect, it } from 'vitest'
import type { Track } from '@/store/types'
import { between } from './between'

const LIST = ['a', 'b', 'c', 'd'].map((id) => ({ id }) as Track)

it('the tracks from one to another are taken, both included, in the order of the list whichever comes first', () => {
  expect(between(LIST, 'b', 'd')).toEqual(['b', 'c', 'd'])
  expect(between(LIST, 'd', 'b')).toEqual(['b', 'c', 'd'])
  expect(between(LIST, 'c', 'c')).toEqual(['c'])
})

it('without a beginning that is listed, only the other is', () => {
  expect([between(LIST, null, 'b'), between(LIST, 'gone', 'b'), between(LIST, 'b', 'gone')]).toEqual([
    ['b'],
    ['b'],
    ['gone'],
  ])
})
