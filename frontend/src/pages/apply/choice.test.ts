import { expect, test } from 'vitest'
import type { ApplyPage } from '@/protocol/generated'
import {
  carriersFor,
  firstChoice,
  labelsFor,
  modelsFor,
  previewOf,
  problemOf,
  wanted,
  wishesOf,
  withFinder,
  withLinked,
  withPipeline,
  withWords,
} from './choice'

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
  videos: [
    { id: 5, name: 'street.mp4', frames: 100, width: 640, height: 360 },
    { id: 6, name: 'square.mp4', frames: 10, width: 640, height: 360 },
  ],
  labels: [
    { id: 1, name: 'Car', colour: '#ff0000', kinds: ['box'] },
    { id: 2, name: 'person', colour: '#00ff00', kinds: ['box'] },
  ],
  models: [model('far', false), model('near', true), model('usual', true, true)],
  finders: [
    {
      id: 'eyes',
      name: 'Eyes',
      classes: ['car', 'Person', 'dog', 'bus'],
      by_word: false,
      confidence: 0.25,
      available: true,
      why: '',
      commercial: true,
      default: true,
    },
  ],
  associations: [
    { id: 'chains', name: 'Chains', summary: 'By motion.', masks: false, cost: '' },
    { id: 'mcbyte', name: 'McByte', summary: 'By masks.', masks: true, cost: 'Slow.' },
  ],
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
  expect(wanted(choice, PAGE, 'an-id')).toMatchObject({ first: 0, last: null, videos: [5], model: 'usual' })
  expect(wanted({ ...choice, first: '3', last: '40' }, PAGE, 'an-id')).toMatchObject({ first: 3, last: 40 })
})

test('classes become what they became before, else the label of their name', () => {
  expect([...labelsFor(PAGE.finders[0]!.classes, PAGE)]).toEqual([
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
  expect(wanted({ ...finding, confidence: '40' }, PAGE, 'an-id').find).toMatchObject({
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
  expect(wanted(finds, PAGE, 'a').find).toMatchObject({ every: 10, linked: null })
  expect(wanted(withLinked(finds, 'chains'), PAGE, 'a').find).toMatchObject({ every: 1, linked: 'chains' })
  expect(withLinked(withLinked(finds, 'chains'), '').every).toBe('10')
  expect(wanted(withLinked(finds, 'iou'), PAGE, 'a').find).toMatchObject({ every: 10, linked: 'iou', least_frames: 2 })
  expect(withLinked({ ...finds, every: '3' }, 'chains').every).toBe('3')
})

test('masks are carried by the model that was chosen, else by the first that is ready, where what links wants some', () => {
  const masks = [
    { ...model('far masks', false), prompts: ['mask'] },
    { ...model('masks', true), prompts: ['mask'] },
  ]
  const page = { ...PAGE, models: [...PAGE.models, ...masks] }
  const finds = withPipeline({ ...firstChoice(page), videos: new Set([5]) }, 'find', page)
  expect(wanted(withLinked(finds, 'chains'), page, 'a').find).toMatchObject({ mask_model: null })
  const linked = withLinked(finds, 'mcbyte')
  expect(carriersFor(page, linked).map(({ id }) => id)).toEqual(['masks', 'far masks'])
  expect(wanted(linked, page, 'a').find).toMatchObject({ linked: 'mcbyte', mask_model: 'masks' })
  expect(wanted({ ...linked, maskModel: 'far masks' }, page, 'a').find).toMatchObject({ mask_model: 'far masks' })
})

test('words are looked for, and keep what they become while others are typed', () => {
  const naming = { ...PAGE.finders[0]!, id: 'naming', classes: [], by_word: true }
  const page = { ...PAGE, finders: [...PAGE.finders, naming] }
  const finds = withPipeline({ ...firstChoice(page), videos: new Set([5]) }, 'find', page)
  const named = withFinder(finds, naming, page)
  expect(problemOf(named, page)).toBe('Type what to look for.')
  const typed = withWords(named, 'car, road sign', page)
  expect([...typed.labels]).toEqual([['car', 1]])
  const chosen = { ...typed, labels: new Map([['road sign', 2]]) }
  const more = withWords(chosen, 'car, road sign, bus', page)
  expect(Object.fromEntries(more.labels)).toEqual({ 'road sign': 2, bus: 1 })
  expect(wanted(more, PAGE, 'a').find).toMatchObject({ finder: 'naming', labels: { 'road sign': 2, bus: 1 } })
  expect([...withFinder(more, PAGE.finders[0]!, page).labels.keys()]).toEqual(['car', 'bus'])
})

test('a preview is of a ticked video, on its first frame that is looked at or the one that is typed', () => {
  const choice = firstChoice(PAGE)
  expect(previewOf(choice, PAGE, null, '')).toMatchObject({ video: { id: 5 }, frame: 0, why: '' })
  expect(previewOf({ ...choice, videos: new Set([6]) }, PAGE, 5, '')).toMatchObject({ video: { id: 6 } })
  expect(previewOf({ ...choice, first: '40' }, PAGE, 5, '')).toMatchObject({ video: { id: 5 }, frame: 40, why: '' })
  expect(previewOf({ ...choice, first: '40' }, PAGE, 6, '')).toMatchObject({ video: { id: 6 }, frame: 9, why: '' })
  expect(previewOf(choice, PAGE, 6, '10').why).toBe('The last frame of this video is 9.')
  expect(previewOf(choice, PAGE, 6, 'x').why).toContain('x was typed')
})

test('a preview is judged by what is chosen, or by what the detector is made with', () => {
  const choice = withPipeline(firstChoice(PAGE), 'find', PAGE)
  const [finder] = PAGE.finders
  expect(wishesOf(choice, finder)).toMatchObject({ confidence: 0.25, linked: false })
  expect(wishesOf({ ...choice, confidence: '70', linked: 'chains' }, finder)).toMatchObject({
    confidence: 0.7,
    linked: true,
  })
  expect(wishesOf({ ...choice, confidence: 'many' }, finder)).toBeNull()
})
