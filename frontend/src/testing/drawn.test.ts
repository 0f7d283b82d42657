/**
 * What hands draw, packed as it goes to the server: tests/protocol/drawn.json, which tests/formats/test_drawn.py takes through
 * every export and import. `npx vitest run src/testing -u` writes it again.
 */
import { expect, it } from 'vitest'
import { rowsOf } from '@/editor/time/edit'
import { toBase64 } from '@/core/base64'
import { tablesOf } from '@/store/operations'
import { TestEditor } from '@/testing/test-editor'

type Place = readonly [number, number]

function clicks(test: TestEditor, ...places: Place[]): TestEditor {
  for (const [x, y] of places) test.click(x, y, { ctrl: true })
  return test.press('Enter')
}

/** Begin on frame 3, and go on from the shape there on frame 9. */
const DRAWN: Readonly<Record<string, (test: TestEditor) => void>> = {
  box: (test) => {
    test.press('B').drag([100.25, 50.5], [180.125, 90.75])
    test.session.frame.value = 9
    test.press('K').press('Q')
  },
  'rotated box': (test) => {
    test.press('Y').drag([100, 100], [201.3, 140.7]).pointerMove(150, 190).click(150, 190)
    test.session.frame.value = 9
    test.press('Alt+ArrowRight')
  },
  'rotated box past half a turn': (test) => {
    test.press('Y').drag([200, 100], [100, 130]).pointerMove(150, 60).click(150, 60)
  },
  polygon: (test) => {
    clicks(test.press('P'), [100.3, 100.7], [200.1, 100], [150.9, 180.45])
    test.session.frame.value = 9
    test.drag([150.9, 180.45], [170, 200.2]).drag([150.2, 100.35], [151, 60])
  },
  'polygon drawn freehand': (test) => {
    test.press('P').pointerDown(100, 100)
    for (let step = 1; step <= 40; step++)
      test.pointerMove(100 + 90 * Math.sin(step / 8), 190 - 90 * Math.cos(step / 8))
    test.pointerUp(100, 100).press('Enter')
  },
  polyline: (test) => {
    clicks(test.press('Shift+P'), [10.5, 10.25], [620, 20], [300, 350])
  },
  points: (test) => {
    clicks(test.press('Shift+O'), [100, 100], [200.4, 120.6], [150, 180])
  },
  skeleton: (test) => {
    test.press('J').drag([100, 100], [200.5, 300.3])
    const [track] = test.tracks
    test.editor.setJoint(track!, 0, 1)
    test.session.frame.value = 9
    test.editor.setJoint(track!, 1, 0)
  },
  'mask with a hole and two pieces, then gone': (test) => {
    test.press('U').editor.brush.size.value = 41
    test.click(100, 100).drag([300, 200], [360.5, 220.25])
    test.editor.brush.size.value = 11
    test.click(100, 100, { alt: true })
    test.session.frame.value = 9
    test.press('O')
  },
  'mask of a polygon, at the edge of the frame': (test) => {
    test.press('Shift+U')
    clicks(test, [600, 300], [640, 300.5], [640, 360], [590.2, 360])
  },
}

async function drawn(name: string) {
  const test = await TestEditor.open()
  test.session.frame.value = 3
  DRAWN[name]!(test)
  const [track] = test.tracks
  return { name, tables: tablesOf(rowsOf(test.editor, track!)).map(({ bytes }) => toBase64(bytes)) }
}

it('every kind is drawn and packed as recorded', async () => {
  const shapes = await Promise.all(Object.keys(DRAWN).map(drawn))
  await expect(`${JSON.stringify(shapes, null, 1)}\n`).toMatchFileSnapshot('../../../tests/protocol/drawn.json')
})
