import { describe, expect, it } from 'vitest'
import type { Attribute, Label, Track } from '@/store/types'
import {
  heldAt,
  sharedFields,
  shownOf,
  relabelled,
  stepsAround,
  valueByDigit,
  withoutStep,
  withoutStepsFrom,
  withValue,
  withValueIn,
} from './attributes'

const attribute = (more: Partial<Attribute>): Attribute => ({
  id: 1,
  name: 'pose',
  kind: 'select',
  per_frame: true,
  choices: ['sits', 'walks', 'lies'],
  default: 'walks',
  ...more,
})
const POSE = attribute({})
const COLOUR = attribute({ id: 2, name: 'colour', per_frame: false, choices: ['red', 'blue'], default: null })
const label = (id: number, ...attributes: Attribute[]): Label => ({
  id,
  name: `label ${id}`,
  colour: '#ff0000',
  hotkey: '',
  geometry_kinds: ['box'],
  skeleton: null,
  attributes,
})
const track = (more: Partial<Track> = {}): Track => ({
  id: 'a',
  number: 1,
  label: 1,
  colour: '',
  locked: false,
  attributes: {},
  frame_attributes: {},
  source: 'person',
  candidate: false,
  verdicts: [],
  deleted: false,
  ...more,
})
const STEPPED = track({
  frame_attributes: {
    1: [
      [10, 'sits'],
      [20, 'lies'],
    ],
    9: [[0, true]],
  },
})

describe('the value on a frame', () => {
  it('is the default before the first step, then the latest step’s', () => {
    expect(heldAt(STEPPED, POSE, 9)).toEqual({ value: 'walks', from: 'default', since: null })
    expect(heldAt(STEPPED, POSE, 10)).toEqual({ value: 'sits', from: 'here', since: 10 })
    expect(heldAt(STEPPED, POSE, 19)).toEqual({ value: 'sits', from: 'earlier', since: 10 })
  })

  it('is the default again from a step without a value', () => {
    expect(heldAt(track({ frame_attributes: { 1: [[5, null]] } }), POSE, 7)).toEqual({
      value: 'walks',
      from: 'default',
      since: 5,
    })
  })

  it('of a constant attribute is the track’s on every frame', () => {
    expect(heldAt(track({ attributes: { 2: 'red' } }), COLOUR, 500)).toEqual({
      value: 'red',
      from: 'track',
      since: null,
    })
  })
})

describe('setting a value', () => {
  it('adds a step, replaces the one on the same frame, and leaves other attributes alone', () => {
    expect(withValue(STEPPED, POSE, 15, 'walks').frame_attributes).toEqual({
      1: [
        [10, 'sits'],
        [15, 'walks'],
        [20, 'lies'],
      ],
      9: [[0, true]],
    })
    expect(withValue(STEPPED, POSE, 10, 'lies').frame_attributes?.[1]).toEqual([
      [10, 'lies'],
      [20, 'lies'],
    ])
  })

  it('in a range ends there: what held after it holds still', () => {
    expect(withValueIn(STEPPED, POSE, 12, 24, 'walks', 99).frame_attributes?.[1]).toEqual([
      [10, 'sits'],
      [12, 'walks'],
      [25, 'lies'],
    ])
    expect(withValueIn(STEPPED, POSE, 2, 4, 'sits', 99).frame_attributes?.[1]).toEqual([
      [2, 'sits'],
      [5, null],
      [10, 'sits'],
      [20, 'lies'],
    ])
    expect(withValueIn(STEPPED, POSE, 12, 99, 'walks', 99).frame_attributes?.[1]).toEqual([
      [10, 'sits'],
      [12, 'walks'],
    ])
  })

  it('of a constant attribute to nothing takes it away', () => {
    expect(withValue(track({ attributes: { 2: 'red', 3: 1 } }), COLOUR, 0, null)).toEqual({ attributes: { 3: 1 } })
  })

  it('can be taken back for one frame, or from a frame on', () => {
    expect(withoutStep(STEPPED, POSE, 10).frame_attributes?.[1]).toEqual([[20, 'lies']])
    expect(withoutStepsFrom(STEPPED, POSE, 10).frame_attributes).toEqual({ 9: [[0, true]] })
  })
})

describe('several tracks', () => {
  const other = attribute({ id: 7, choices: ['walks', 'sits'] })

  it('share the attributes that all their labels have by name and kind', () => {
    const [field, ...more] = sharedFields([label(1, COLOUR, POSE), label(2, other)])
    expect(more).toEqual([])
    expect(field).toMatchObject({ name: 'pose', choices: ['sits', 'walks'] })
    expect(field!.attributes.get(2)!.id).toBe(7)
  })

  it('are mixed where their values differ, whatever their labels', () => {
    const [field] = sharedFields([label(1, POSE), label(2, other)])
    const second = track({ label: 2, frame_attributes: { 7: [[0, 'sits']] } })
    expect(shownOf(field!, [STEPPED, second], 12)).toMatchObject({ mixed: false, held: { value: 'sits' } })
    expect(shownOf(field!, [STEPPED, second], 22).mixed).toBe(true)
    expect(stepsAround(field!, [STEPPED, second], 10)).toEqual({ before: 0, after: 20 })
  })
})

describe('another label', () => {
  it('takes the values along that its attributes of the same name can have', () => {
    const tree = label(
      2,
      attribute({ id: 7, choices: ['lies'] }),
      attribute({ id: 8, name: 'colour', per_frame: false, choices: ['red'] }),
    )
    const sitting = track({
      attributes: { 2: 'red' },
      frame_attributes: {
        1: [
          [10, 'sits'],
          [20, 'lies'],
        ],
      },
    })
    expect(relabelled(sitting, label(1, POSE, COLOUR), tree)).toEqual({
      label: 2,
      attributes: { 2: 'red', 8: 'red' },
      frame_attributes: {
        1: [
          [10, 'sits'],
          [20, 'lies'],
        ],
        7: [[20, 'lies']],
      },
    })
  })
})

describe('a digit', () => {
  const [select] = sharedFields([label(1, POSE)])

  it('chooses of a select, toggles in a multi-select, and sets a checkbox', () => {
    expect(valueByDigit(select!, 'sits', 3)).toBe('lies')
    expect(valueByDigit({ ...select!, kind: 'multi_select' }, ['lies'], 1)).toEqual(['sits', 'lies'])
    expect(valueByDigit({ ...select!, kind: 'checkbox' }, true, 0)).toBe(false)
  })

  it('beyond the choices, or in a number, stands for nothing', () => {
    expect(valueByDigit(select!, 'sits', 4)).toBeUndefined()
    expect(valueByDigit({ ...select!, kind: 'number', choices: [] }, 2, 1)).toBeUndefined()
  })
})
