import { expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'

it('the pan tool moves the view with the pointer, and Escape moves it back', async () => {
  const test = await TestEditor.open()
  test.press('G').drag([100, 100], [130, 90])
  expect(test.session.view.value).toEqual({ scale: 1, x: 30, y: -10, turns: 0 })
  test.pointerDown(0, 0).pointerMove(50, 50)
  expect(test.state).toBe('pan.panning')
  test.press('Escape')
  expect(test.session.view.value).toEqual({ scale: 1, x: 30, y: -10, turns: 0 })
})
