import { expect, test } from 'vitest'
import type { ApplyPage } from '@/protocol/generated'
import { firstChoice, labelsFor, modelsFor, problemOf, wanted, withLinked, withPipeline } from './choice'

const model = (id: string, available: boolean, isDefault = false) => ({
  id,
  name: id.toUpperCase(),
  summary: '',
  prompts: ['box'],
  available,
  why: available ? '' : 'Needs a file.',
  commercial: true,
  default: isDefault,
})

const PAGE: ApplyPage = {
  project: 1,
  may_begin: true,
  csrf_token: '',
  videos: [{ id: 5, name: 'street.mp4', frames: 100 }],
  labels: [
    { id: 1, name: 'Car', kinds: ['box'] },
    { id: 2, name: 'person', kinds: ['box'] },
  ],
  models: [model('far', false), model('near', true), model('usual', true, true)],
  finders: [
    {
      id: 'eyes',
      name: 'Eyes',
      classes: ['car', 'Person', 'dog', 'bus'],
      confidence: 0.25,
      available: true,
      why: '',
      commercial: true,
      default: true,
    },
  ],
  associations: [{ id: 'chains', name: 'Chains', summary: 'By motion.' }],
  class_labels: { bus: 1, Person: null },
  networks: '/networks/',
}

test('models that are ready come first, and the usual one is chosen', () => {
  expect(modelsFor(PAGE, 'continue').map(({ id }) => id)).toEqual(['near', 'usual', 'far'])
  expect(firstChoice(PAGE).model).toBe('usual')
})

test('it says what is missing before it can begin', () => {
  const choice = { ...firstChoice(PAGE), videos: new Set([5]) }
  expect(problemOf(firstChoice(PAGE), PAGE)).toBe('Tick the videos first.')
  expect(problemOf(choice, PAGE)).toBe('')
  expect(problemOf({ ...choice, first: '9', last: '8' }, PAGE)).toBe('The last frame comes after the first.')
  expect(problemOf({ ...choice, last: '1.5' }, PAGE)).toBe('A frame is a whole number from 0; 1.5 was typed.')
})

test('empty fields mean from the first frame to the end', () => {
  const choice = { ...firstChoice(PAGE), videos: new Set([5]) }
  expect(wanted(choice, 'an-id')).toMatchObject({ first: 0, last: null, videos: [5], model: 'usual' })
  expect(wanted({ ...choice, first: '3', last: '40' }, 'an-id')).toMatchObject({ first: 3, last: 40 })
})

test('classes become what they became before, else the label of their name', () => {
  expect([...labelsFor(PAGE.finders[0]!, PAGE)]).toEqual([
    ['car', 1],
    ['bus', 1],
  ])
})

test('what is found is followed by a model that follows boxes', () => {
  const masks = { ...model('masks', true), prompts: ['mask'] }
  const page = { ...PAGE, models: [...PAGE.models, masks] }
  const choice = { ...firstChoice(page), model: 'masks', videos: new Set([5]) }
  const finding = withPipeline(choice, 'find', page)
  expect(finding.model).toBe('usual')
  expect(wanted({ ...finding, confidence: '40' }, 'an-id').find).toMatchObject({
    finder: 'eyes',
    every: 10,
    labels: { car: 1, bus: 1 },
    confidence: 0.4,
  })
  expect(problemOf({ ...finding, every: '0' }, page)).toContain('0 was typed')
  expect(problemOf({ ...finding, labels: new Map() }, page)).toBe('Give a label to at least one class.')
  expect(withPipeline({ ...finding, destination: 'empty' }, 'continue', page).destination).toBe('layer')
})

test('what is linked is looked at on every frame, unless somebody said how often', () => {
  const finds = withPipeline({ ...firstChoice(PAGE), videos: new Set([5]) }, 'find', PAGE)
  expect(wanted(finds, 'a').find).toMatchObject({ every: 10, linked: null })
  expect(wanted(withLinked(finds, 'chains'), 'a').find).toMatchObject({ every: 1, linked: 'chains' })
  expect(withLinked(withLinked(finds, 'chains'), '').every).toBe('10')
  expect(wanted(withLinked(finds, 'iou'), 'a').find).toMatchObject({ every: 10, linked: 'iou', least_frames: 2 })
  expect(withLinked({ ...finds, every: '3' }, 'chains').every).toBe('3')
})
