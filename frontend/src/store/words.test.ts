import { expect, test } from 'vitest'
import { areSameWords, classesOf, wordsIn } from './words'

test('words are what stands between commas, each once', () => {
  expect(wordsIn(' traffic   cone,person,, Person ,\nred bus')).toEqual(['traffic cone', 'person', 'red bus'])
  expect(wordsIn(' , ')).toEqual([])
})

test('lists are the same in whatever order', () => {
  expect(areSameWords(['a', 'b'], ['b', 'a'])).toBe(true)
  expect(areSameWords(['a'], ['a', 'b'])).toBe(false)
  expect(areSameWords(['a'], ['b'])).toBe(false)
})

test('a detector knows its classes, or what is typed', () => {
  expect(classesOf({ classes: ['car'], by_word: false }, 'cone')).toEqual(['car'])
  expect(classesOf({ classes: [], by_word: true }, 'cone, sign')).toEqual(['cone', 'sign'])
})
