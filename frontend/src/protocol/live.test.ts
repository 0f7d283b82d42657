import { describe, expect, it } from 'vitest'
import { classifyClose, partsOf } from './live'
import { COME_BACK } from './generated'

describe('the parts of a long edit', () => {
  it('put together are the edit, and only the last one says so', () => {
    const parts = [...partsOf('id', 'abcdefgh', 3)]
    expect(parts.map(({ text }) => text)).toEqual(['abc', 'def', 'gh'])
    expect(parts.map(({ index, last }) => [index, last])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ])
  })

  it('never begin with half a character', () => {
    expect([...partsOf('id', 'ab😀c', 3)].map(({ text }) => text)).toEqual(['ab', '😀c'])
  })
})

it('a server that can’t go on is come back to', () => {
  expect(classifyClose(COME_BACK)).toEqual({ retry: true })
})
