import { beforeEach, describe, expect, it } from 'vitest'
import { distinctColour, shapeColour, trackColour } from '@/store/colours'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import type { ShownShape, TrackId } from '@/store/types'
import { DisplaySettings } from './display'
import { tagText } from '@/editor/objects/tag-text'

let test: TestEditor
let track: TrackId

beforeEach(async () => {
  test = await TestEditor.open()
  track = test.given({ 0: [0, 0, 10, 10] })
  test.store.records.setNumber(track, 7)
})

const shape = (more: Partial<ShownShape> = {}): ShownShape => ({ ...test.store.queries.shapeAt(track, 0)!, ...more })
const label = () => test.editor.label(1)

describe('display settings', () => {
  it('fall back where what was kept can’t be', () => {
    const display = new DisplaySettings({ fill: 7, colourBy: 'mood', tagParts: ['number', 'shoe'] })
    expect(display.values.value).toMatchObject({ fill: 1, colourBy: 'label', tagParts: ['number'], lineWidth: 2 })
  })

  it('are changed by keys, and kept', () => {
    test.press('Alt+]').press('Shift+C').press('Alt+T')
    expect(test.editor.preferences.groups.display.values.value).toMatchObject({
      fill: 0.1,
      colourBy: 'object',
      tags: 'hover',
    })
    test.press('Alt+[').press('Alt+[')
    expect(test.editor.display.fill.value).toBe(0)
  })

  it('show tags when they are wanted', () => {
    const shown = (tags: string) =>
      [
        [false, false],
        [false, true],
        [true, false],
      ].map(([selected, hovered]) => new DisplaySettings({ tags }).showsTag(selected!, hovered!))
    expect(shown('hover')).toEqual([false, true, true])
    expect(shown('selected')).toEqual([false, false, true])
    expect(shown('never')).toEqual([false, false, false])
  })
})

describe('a tag', () => {
  it('tells what is wanted of it', () => {
    test.store.transact('Pose', (tx) => tx.updateTrack(track, { frame_attributes: { 1: [[0, 'sits']] } }))
    expect(tagText(shape(), label(), ['label', 'number'], 0, false)).toBe('person 7')
    expect(tagText(shape(), label(), ['number', 'attributes', 'source'], 0, false)).toBe('7 · sits · person')
  })

  it('asks for a look at what is doubtful, and tells more of what is pointed at', () => {
    const doubtful = shape({ origin: 'predicted', doubtful: true, confidence: 0.42, occluded: true })
    expect(tagText(doubtful, label(), ['label'], 0, false)).toBe('person ?')
    expect(tagText(doubtful, label(), ['label'], 0, true)).toBe('person ? · 42 % · occluded')
  })
})

describe('colours', () => {
  it('tell labels, objects or origins apart; a track’s own colour stays where objects are told apart', () => {
    const own = { ...shape().track, colour: '#010203' }
    expect(trackColour(CONFIG, shape().track)).toBe('#ff0000')
    expect(trackColour(CONFIG, shape().track, 'object')).toBe(distinctColour(7))
    expect(shapeColour(CONFIG, shape({ track: own }), 'object')).toBe('#010203')
    expect(shapeColour(CONFIG, shape({ origin: 'predicted' }), 'origin')).not.toBe(
      shapeColour(CONFIG, shape(), 'origin'),
    )
  })

  it('of neighbouring numbers are different, and sound', () => {
    const colours = Array.from({ length: 30 }, (_, number) => distinctColour(number))
    expect(new Set(colours).size).toBe(30)
    expect(colours.every((colour) => /^#[0-9a-f]{6}$/.test(colour))).toBe(true)
  })
})
