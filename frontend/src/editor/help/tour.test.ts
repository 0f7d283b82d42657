import { expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { TourSettings } from '@/editor/preferences/tour'
import { Tour, tourSteps } from './tour'

it('the tour names the keys that this person has', async () => {
  const test = await TestEditor.open()
  test.editor.keymap.assign('tool.draw', ['Y'])
  expect(tourSteps(test.editor)[0]?.text).toContain('Press Y and')
})

it('the tour is kept as seen once it was skipped or gone through', () => {
  const tour = new Tour(new TourSettings())
  tour.start()
  expect([tour.step.value, tour.settings.seen.value]).toEqual([0, false])
  tour.end()
  expect([tour.step.value, tour.settings.seen.value]).toEqual([null, true])
})
