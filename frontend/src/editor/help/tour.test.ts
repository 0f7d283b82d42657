import { expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { Tour, tourSteps } from './tour'

it('the tour names the keys that this person has', async () => {
  const test = await TestEditor.open()
  test.editor.keymap.assign('tool.draw', ['Y'])
  expect(tourSteps(test.editor)[0]?.text).toContain('Press Y and')
})

it('the tour is kept as seen once it was skipped or gone through', () => {
  const tour = new Tour()
  tour.start()
  expect([tour.step.value, tour.toJSON()]).toEqual([0, { seen: false }])
  tour.end()
  expect([tour.step.value, new Tour(tour.toJSON()).seen.value]).toEqual([null, true])
})
