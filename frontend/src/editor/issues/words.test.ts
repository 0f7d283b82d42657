import { describe, expect, it } from 'vitest'
import { callAt, completed, matching, piecesOf } from './words'

const BOB = { id: 1, name: 'Bob Lind', username: 'bob', colour: '#ff0000' }
const ZOE = { id: 2, name: 'Zoë', username: 'z.o+e', colour: '#00ff00' }

describe('the call that is being typed', () => {
  it.each([
    ['@', { from: 0, typed: '' }],
    ['Ask @bo', { from: 4, typed: 'bo' }],
    ['(@z.o+', { from: 1, typed: 'z.o+' }],
    ['@jür', { from: 0, typed: 'jür' }],
    ['bob@example', null],
    ['@bob ', null],
    ['', null],
  ])('of %j is %j', (text, call) => {
    expect(callAt(text, text.length)).toEqual(call)
  })

  it('is the one before the caret', () => {
    expect(callAt('@bo and @zo', 3)).toEqual({ from: 0, typed: 'bo' })
    expect(callAt('@bo and @zo', 5)).toBeNull()
  })
})

describe('names', () => {
  it('are found by username and by each word of the name', () => {
    for (const typed of ['', 'B', 'bo', 'lin', 'Bob L']) expect(matching([BOB], typed)).toEqual([BOB])
    expect(matching([BOB, ZOE], 'zo')).toEqual([ZOE])
    expect(matching([BOB], 'ob')).toEqual([])
  })

  it('are completed where the caret is, with one space behind them', () => {
    expect(completed('Ask @bo about it', 7, 'bob')).toEqual({ text: 'Ask @bob about it', caret: 9 })
    expect(completed('@', 1, 'z.o+e')).toEqual({ text: '@z.o+e ', caret: 7 })
    expect(completed('nobody', 6, 'bob')).toEqual({ text: 'nobody', caret: 6 })
  })
})

describe('a comment', () => {
  const mentions = [
    { user: 1, word: '@bob' },
    { user: 2, word: '@z.o+e' },
  ]

  it('is taken apart at whom it calls', () => {
    expect(piecesOf({ text: 'Ask @Bob, @z.o+e.', mentions })).toEqual([
      { text: 'Ask ', user: null },
      { text: '@Bob', user: 1 },
      { text: ', ', user: null },
      { text: '@z.o+e', user: 2 },
      { text: '.', user: null },
    ])
  })

  it('stays whole where it calls nobody', () => {
    expect(piecesOf({ text: '@eve bob@bob', mentions: [] })).toEqual([{ text: '@eve bob@bob', user: null }])
    expect(piecesOf({ text: 'a@bob', mentions })).toEqual([{ text: 'a@bob', user: null }])
  })
})
