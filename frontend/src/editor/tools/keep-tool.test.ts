import { expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'

it('drawing goes on with the same tool where a person wants it so, on the next video too', async () => {
  const test = await TestEditor.open()
  test.press('Alt+N').press('B').drag([100, 100], [200, 200]).drag([300, 100], [400, 200])
  expect([test.tracks.length, test.state]).toEqual([2, 'box.idle'])
  expect(test.editor.preferences.all.value).toMatchObject({ keepsTool: true })
  test.press('Alt+N').drag([100, 220], [200, 300])
  expect([test.tracks.length, test.state]).toEqual([3, 'select.idle'])
})
