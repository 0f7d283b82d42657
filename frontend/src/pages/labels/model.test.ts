import { describe, expect, it } from 'vitest'
import {
  addAttribute,
  addLabel,
  changeAttribute,
  changeLabel,
  defaultFrom,
  defaultText,
  moveLabel,
  nextColour,
  nextHotkey,
  otherProblems,
  othersChanges,
  problemAt,
  removeAttribute,
  removeLabel,
  type Draft,
} from './model'

const PALETTE = ['#111111', '#222222']
const EMPTY: Draft = { labels: [], removed: [], removed_attributes: [], seen: [] }
const two = (): Draft =>
  changeLabel(changeLabel(addLabel(addLabel(EMPTY, PALETTE), PALETTE), 0, { id: 7, name: 'car' }), 1, { name: 'bus' })
const names = (draft: Draft) => draft.labels.map(({ name }) => name)

describe('labels', () => {
  it('gives a new label a colour and a digit that are free', () => {
    expect(two().labels.map(({ colour, hotkey }) => [colour, hotkey])).toEqual([
      ['#111111', '1'],
      ['#222222', '2'],
    ])
  })

  it('goes round the palette when it is used up, and gives no digit when all nine are', () => {
    expect(nextColour(two().labels, PALETTE)).toBe('#111111')
    const many = Array.from({ length: 9 }, (_, index) => String(index + 1)).map((hotkey) => ({
      ...two().labels[0]!,
      hotkey,
    }))
    expect(nextHotkey(many)).toBe('')
  })

  it('names only labels that the server knows among the removed', () => {
    expect(removeLabel(two(), 0)).toMatchObject({ removed: [7] })
    expect(removeLabel(two(), 1)).toMatchObject({ removed: [] })
    expect(names(removeLabel(two(), 0))).toEqual(['bus'])
  })

  it('moves a label by one place, and not beyond the ends', () => {
    expect(names(moveLabel(two(), 0, 1))).toEqual(['bus', 'car'])
    expect(names(moveLabel(two(), 0, -1))).toEqual(['car', 'bus'])
  })
})

describe('attributes', () => {
  const one = changeAttribute(addAttribute(two(), 0), 0, 0, { id: 3, name: 'colour', choices: ['red'], default: 'red' })

  it('forgets what it begins with when its kind changes', () => {
    expect(changeAttribute(one, 0, 0, { kind: 'number' }).labels[0]!.attributes[0]).toMatchObject({
      kind: 'number',
      default: null,
    })
    expect(changeAttribute(one, 0, 0, { kind: 'select' }).labels[0]!.attributes[0]).toMatchObject({ default: 'red' })
  })

  it('names those that the server knows among the removed', () => {
    expect(removeAttribute(one, 0, 0)).toMatchObject({ removed_attributes: [3] })
    expect(removeAttribute(addAttribute(one, 0), 0, 1)).toMatchObject({ removed_attributes: [] })
  })

  it('reads defaults from their fields, and writes them there', () => {
    expect([
      defaultFrom('number', '1.5'),
      defaultFrom('number', 'x'),
      defaultFrom('checkbox', 'off'),
      defaultFrom('text', ''),
    ]).toEqual([1.5, 'x', false, null])
    expect([defaultText('number', 1.5), defaultText('checkbox', true), defaultText('text', null)]).toEqual([
      '1.5',
      'on',
      '',
    ])
  })
})

describe('problems', () => {
  const problems = [
    { path: ['1', 'hotkey'], message: 'Taken.' },
    { path: ['removed', '7'], message: 'In use.' },
    { path: ['2', 'name'], message: 'Twice.' },
  ]

  it('are found by their place', () => {
    expect(problemAt(problems, 1, 'hotkey')).toBe('Taken.')
    expect(problemAt(problems, 0, 'hotkey')).toBe('')
  })

  it('are told apart from those without a field', () => {
    expect(otherProblems(problems, two().labels)).toEqual(['In use.', 'Twice.'])
  })
})

it('what others changed while one edited is told by name', () => {
  const label = (id: number, name: string) => ({
    ...addLabel(EMPTY, PALETTE).labels[0]!,
    id,
    name,
    attributes: [],
    skeleton: null,
  })
  const seen = [label(1, 'car'), label(2, 'bus'), label(3, 'dog'), label(4, 'cat')]
  const draft = removeLabel(addLabel({ ...EMPTY, labels: seen, seen }, PALETTE), 3)
  const sent = changeLabel(changeLabel(draft, 3, { name: 'tram' }), 1, { name: 'coach' })
  const saved = [label(1, 'lorry'), label(2, 'coach'), label(8, 'van'), label(9, 'tram')]
  expect(othersChanges(sent, saved)).toEqual(['lorry', 'van', 'dog'])
  expect(othersChanges({ ...EMPTY, labels: seen, seen }, seen)).toEqual([])
})
