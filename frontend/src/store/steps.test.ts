import { expect, it } from 'vitest'
import { mapSteps, simplified, stepsAfter, stepsBefore, stepsFrom, valueAt, type Steps } from './steps'

const STEPS: Steps = [
  [5, 'sits'],
  [10, null],
  [20, 'walks'],
]

it('a value holds from its step until the next one, and before the first there is none', () => {
  expect([0, 4, 5, 9, 10, 19, 20, 900].map((frame) => valueAt(STEPS, frame))).toEqual([
    null,
    null,
    'sits',
    'sits',
    null,
    null,
    'walks',
    'walks',
  ])
})

it('steps are parted at a frame, whose own step is on neither side', () => {
  expect([stepsBefore(STEPS, 10), stepsAfter(STEPS, 10)]).toEqual([[STEPS[0]], [STEPS[2]]])
})

it('what holds on a frame begins there when a track begins there', () => {
  expect(stepsFrom(STEPS, 7)).toEqual([[7, 'sits'], ...STEPS.slice(1)])
  expect(stepsFrom(STEPS, 12)).toEqual([[20, 'walks']])
  expect(stepsFrom(STEPS, 20)).toEqual([[20, 'walks']])
})

it('a step that says what holds anyway goes, also of a list, also a first one that says nothing', () => {
  expect(
    simplified([
      [0, null],
      [1, ['a', 'b']],
      [4, ['a', 'b']],
      [6, ['b']],
      [7, null],
      [8, null],
    ]),
  ).toEqual([
    [1, ['a', 'b']],
    [6, ['b']],
    [7, null],
  ])
})

it('every attribute is worked on by its own name', () => {
  const shifted = mapSteps({ 1: STEPS, 2: [[3, true]] }, (steps, id) =>
    id === '2' ? [] : steps.map(([frame, value]) => [frame + 1, value]),
  )
  expect(shifted).toEqual({ 1: [6, 11, 21].map((frame, index) => [frame, STEPS[index]![1]]), 2: [] })
})
