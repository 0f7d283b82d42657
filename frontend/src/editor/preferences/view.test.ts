import { beforeEach, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { ViewOptions } from './view'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
})

it('brightness and contrast change by keys within bounds, and go back at once', () => {
  const { viewOptions } = test.editor
  expect(viewOptions.filter).toBe('')
  test.press('Shift+ArrowUp').press('Shift+ArrowUp').press('{')
  expect(viewOptions.filter).toBe('brightness(1.2) contrast(0.9)')
  for (let times = 0; times < 50; times++) test.press('Shift+ArrowDown')
  expect(viewOptions.picture.value.brightness).toBe(0.2)
  test.press('Shift+B')
  expect(viewOptions.filter).toBe('')
})

it('what was chosen is the same after it was kept', () => {
  test.press('#').press('Z').press('Shift+X').press('Shift+ArrowUp')
  const kept = new ViewOptions(JSON.parse(JSON.stringify(test.editor.viewOptions.values.value)))
  expect(kept.values.value).toEqual(test.editor.viewOptions.values.value)
  expect([kept.grid.value, kept.magnifier.value, kept.crosshair.value]).toEqual([true, true, false])
})

it('the place of the pointer matters while drawing and reshaping, not while selecting', () => {
  const track = test.given({ 0: [100, 100, 200, 200] })
  test.session.select(track)
  const precise = () => test.editor.machine.handler.precise
  expect(precise()).toBe(false)
  test.pointerDown(200, 200).pointerMove(220, 220)
  expect(precise()).toBe(true)
  test.pointerUp(220, 220).press('N')
  expect(precise()).toBe(true)
})

it('a finger reaches grips from farther away than a mouse', () => {
  const track = test.given({ 0: [100, 100, 200, 200] })
  test.session.select(track)
  expect(test.editor.hit({ x: 213, y: 200 })).toBeNull()
  test.editor.coarse = true
  expect(test.editor.hit({ x: 213, y: 200 })).toMatchObject({ on: 'grip', grip: { id: 'se' } })
})
