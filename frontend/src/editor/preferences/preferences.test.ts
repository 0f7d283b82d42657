import { effect } from '@preact/signals-core'
import { describe, expect, it } from 'vitest'
import { count, flag, maybe, number, oneOf, record, someOf, text, texts, textsByName } from './fields'
import { GROUPS, Preferences } from '.'

/** A value that differs from what is there, of a kind that may be stored there. */
const FIELDS = [
  ['flag', flag(true), false],
  ['number', number(0.5, 0, 1), 0.25],
  ['count', count(5, 1, 10), 7],
  ['text', text('a'), 'b'],
  ['maybe', maybe(number(1, 0, 9)), 4],
  ['oneOf', oneOf(['a', 'b'], 'a'), 'b'],
  ['someOf', someOf(['a', 'b', 'c'], ['a']), ['b', 'c']],
  ['texts', texts(), ['a']],
  ['textsByName', textsByName(), { a: ['x'] }],
  ['record', record({ a: flag(false), b: number(1, 0, 2) }), { a: true, b: 2 }],
] as const

describe.each(FIELDS)('a field: %s', (_, { initial, read }, other) => {
  it('reads what was stored', () => {
    expect(read(JSON.parse(JSON.stringify(other)))).toEqual(other)
    expect(read(JSON.parse(JSON.stringify(initial)))).toEqual(initial)
  })

  it('is as at first where nothing that it can be was stored', () => {
    for (const stored of [undefined, null, NaN, Symbol('s'), () => 1]) expect(read(stored)).toEqual(initial)
  })
})

describe('a field', () => {
  it('keeps within bounds, and whole where it counts', () => {
    expect([number(1, 0, 2).read(7), number(1, 0, 2).read(-7)]).toEqual([2, 0])
    expect([count(1, 0, 9).read(3.6), number(1, 0, Infinity).read(Infinity)]).toEqual([4, 1])
  })

  it('leaves out what it doesn’t know, and keeps the rest', () => {
    expect(someOf(['a', 'b', 'c'], []).read(['c', 'x', 'a'])).toEqual(['a', 'c'])
    expect(textsByName().read({ a: ['x'], b: 'x', c: [1] })).toEqual({ a: ['x'] })
    expect(record({ a: flag(false), b: number(1, 0, 2) }).read({ a: true, b: 'x', c: 1 })).toEqual({ a: true, b: 1 })
  })
})

const NAMES = Object.keys(GROUPS) as (keyof typeof GROUPS)[]

describe.each(NAMES)('preferences: %s', (name) => {
  it('are the same after they were written and read', () => {
    const { values } = new GROUPS[name]()
    expect(new GROUPS[name](JSON.parse(JSON.stringify(values.value))).values.value).toEqual(values.value)
  })

  it('are as at first where something else was stored', () => {
    const { values } = new GROUPS[name]()
    const spoilt = Object.fromEntries(Object.keys(values.value).map((field) => [field, () => 1]))
    for (const stored of [null, 7, 'x', [1], spoilt])
      expect(new GROUPS[name](stored).values.value).toEqual(values.value)
  })
})

describe('preferences', () => {
  it('are kept whole, and are followed', () => {
    const preferences = new Preferences({ view: { grid: true }, keepsTool: true, theme: 'dark' })
    const seen: unknown[] = []
    const end = effect(() => {
      seen.push(preferences.all.value)
    })
    preferences.groups.display.fill.value = 0.5
    preferences.order.value = { by: 'label', descending: true }
    end()
    expect(seen).toHaveLength(3)
    expect(seen[0]).toMatchObject({ view: { grid: true, crosshair: true }, keepsTool: true, recent: [] })
    expect(seen[2]).toMatchObject({ display: { fill: 0.5 }, order: { by: 'label', descending: true } })
    expect(new Preferences(JSON.parse(JSON.stringify(seen[2]))).all.value).toEqual(seen[2])
  })

  it('can be taken over whole: what isn’t named is as at first', () => {
    const view = new GROUPS.view({ grid: true, magnifier: true })
    view.restore({ grid: true })
    expect([view.grid.value, view.magnifier.value]).toEqual([true, false])
  })
})
