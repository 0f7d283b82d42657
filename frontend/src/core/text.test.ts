import { afterEach, expect, it } from 'vitest'
import { counted, speak, t } from './text'

afterEach(() => speak({}))

it('a text is English until there is a translation', () => {
  expect(t('Next frame')).toBe('Next frame')
  speak({ 'Next frame': 'Nächster Frame' })
  expect([t('Next frame'), t('Previous frame')]).toEqual(['Nächster Frame', 'Previous frame'])
})

it('placeholders are filled wherever the translation has them', () => {
  speak({ '{key} belongs to “{command}”.': '„{command}“ hat {key} schon.' })
  expect(t('{key} belongs to “{command}”.', { key: 'K', command: 'Keyframe' })).toBe('„Keyframe“ hat K schon.')
})

it('one thing and several have texts of their own', () => {
  const shapes = (count: number) =>
    counted(count, '{count} shape of {name}', '{count} shapes of {name}', { name: 'car 1' })
  expect([0, 1, 2].map(shapes)).toEqual(['0 shapes of car 1', '1 shape of car 1', '2 shapes of car 1'])
})
