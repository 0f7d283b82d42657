import { beforeEach, describe, expect, it } from 'vitest'
import { toBase64 } from '@/core/base64'
import type { Box } from '@/geometry/box'
import { emptyBitmap, encodeMask } from '@/geometry/rle'
import type { SmartAnswer } from '@/protocol/generated'
import { keyframe } from '@/store/chunks'
import { tablesOf } from '@/store/operations'
import { statusOf } from '@/panels/smart-options'
import { TestEditor } from '@/testing/test-editor'

let test: TestEditor

beforeEach(async () => {
  test = await TestEditor.open()
  test.press('Shift+S')
})

function mask([left, top, right, bottom]: Box) {
  const bitmap = emptyBitmap({ left, top, width: right - left, height: bottom - top })
  bitmap.bits.fill(1)
  return encodeMask(bitmap)!
}

const asked = () => test.sent('smart.clicks')
const newest = () => asked().at(-1)!

function answer(box: Box | null, more: Partial<SmartAnswer> = {}): void {
  const table = box ? toBase64(tablesOf([keyframe(newest().frame, mask(box))])[0]!.bytes) : ''
  const { request } = newest()
  test.store.receive({ type: 'smart.answer', request, stage: 'answered', table, score: 0.8, message: '', ...more })
}

const signs = () => test.editor.clicks.value?.points.map(({ x, y, positive }) => [x, y, positive])
const shape = (track = test.tracks[0]!) => test.store.queries.shapeAt(track, test.session.frame.value)
const told = () => test.session.notice.value?.message

describe('the smart tool', () => {
  it('lets the frame be looked at as soon as it is taken up', () => {
    expect(asked()).toMatchObject([{ frame: 0, clicks: [], box: null, track: null, model: 'clicks' }])
  })

  it('makes an object of a click, once it is accepted, as one step of undo', () => {
    test.click(100, 100)
    expect(newest()).toMatchObject({ clicks: [{ x: 100, y: 100, positive: true }], box: null, track: null })
    answer([90, 90, 120, 110])
    expect([test.tracks, test.editor.painting.value?.base?.bounds]).toEqual([[], [90, 90, 120, 110]])
    test.press('Enter')
    expect(shape()).toMatchObject({ kind: 'mask', origin: 'keyframe', bounds: [90, 90, 120, 110] })
    expect([test.selection, test.session.tool.value, test.editor.painting.value]).toEqual([test.tracks, 'select', null])
    test.press('Ctrl+Z')
    expect(test.tracks).toEqual([])
  })

  it('adds negative points with Alt, draws a box by dragging, and takes a point back by a click on it', () => {
    test.click(100, 100).click(130, 100, { alt: true }).drag([80, 80], [140, 120])
    expect(newest()).toMatchObject({ clicks: [{ positive: true }, { positive: false }], box: [80, 80, 140, 120] })
    test.click(101, 101)
    expect(signs()).toEqual([[130, 100, false]])
  })

  it('takes click after click back, and with the first one ends', () => {
    test.click(100, 100).click(130, 100).press('Ctrl+Z')
    expect(newest().clicks).toHaveLength(1)
    test.press('Backspace')
    expect([test.state, test.editor.clicks.value, test.editor.painting.value]).toEqual(['smart.idle', null, null])
  })

  it('goes on from the clicks that made the mask, also from those that the server kept', () => {
    test.click(100, 100).click(130, 100, { alt: true }).press('Enter')
    answer([90, 90, 120, 110])
    const [sent] = test.sent('edit')
    const [track] = test.tracks
    expect(sent!.clicked).toEqual([
      {
        track,
        frame: 0,
        alone: true,
        box: null,
        clicks: [
          { x: 100, y: 100, positive: true },
          { x: 130, y: 100, positive: false },
        ],
      },
    ])
    test.press('Shift+S')
    expect(test.editor.keptClicks.value?.points).toHaveLength(2)
    test.click(150, 100)
    // From the beginning: the mask came of its clicks alone, and one of them may be taken back.
    expect(newest()).toMatchObject({ track: null, clicks: [{}, {}, { x: 150, positive: true }] })
    test.click(130, 100)
    expect(signs()).toEqual([
      [100, 100, true],
      [150, 100, true],
    ])
    test.press('Ctrl+Z').press('Ctrl+Z')
    expect([test.state, test.editor.keptClicks.value?.points.length]).toEqual(['smart.idle', 2])
  })

  it('asks the server what a mask was clicked with, and shows nothing of another mask', async () => {
    const made = mask([90, 90, 120, 110])
    const told = { mask: toBase64(made.payload), clicks: [{ x: 99, y: 98, positive: true }], box: null, alone: false }
    const asked: unknown[] = []
    test.store.clicksOn = (track, frame) => {
      asked.push([track, frame])
      return Promise.resolve({ ...told, payload: made.payload })
    }
    const label = test.editor.config.labels.find(({ geometry_kinds }) => geometry_kinds.includes('mask'))!
    const track = test.store.transact('Draw', (tx) => {
      const id = tx.createTrack({ label: label.id })
      tx.putRow(id, keyframe(0, made))
      return id
    })
    test.session.select(track)
    expect(test.editor.keptClicks.value).toBeNull()
    await Promise.resolve()
    expect(test.editor.keptClicks.value).toMatchObject({ frame: 0, points: [{ x: 99, y: 98 }] })
    test.click(130, 100)
    expect(newest()).toMatchObject({ track, clicks: [{ x: 99 }, { x: 130 }] })
    test.press('Escape')
    test.store.transact('Paint', (tx) => tx.putRow(track, keyframe(0, mask([80, 80, 120, 110]))))
    expect(test.editor.keptClicks.value).toBeNull()
    expect(asked).toEqual([
      [track, 0],
      [track, 0],
    ])
  })

  it('accepts as soon as the answer is there where Enter came before it', () => {
    test.click(100, 100).press('Enter')
    expect(test.tracks).toEqual([])
    answer([90, 90, 120, 110])
    expect(shape()?.kind).toBe('mask')
  })

  it('accepts what was clicked last, not what was answered before', () => {
    test.click(100, 100)
    answer([90, 90, 120, 110])
    test.click(130, 100).press('Enter')
    expect(test.tracks).toEqual([])
    answer([90, 90, 150, 110])
    expect(shape()?.bounds).toEqual([90, 90, 150, 110])
  })

  it('drops everything with Escape, and is put down by the next', () => {
    test.click(100, 100)
    answer([90, 90, 120, 110])
    test.press('Escape')
    expect([test.tracks, test.editor.painting.value, test.state]).toEqual([[], null, 'smart.idle'])
    test.press('Escape')
    expect(test.session.tool.value).toBe('select')
  })

  it('is kept with the tool pinned, and begins another object then', () => {
    test.editor.keepsTool.value = true
    test.click(100, 100)
    answer([90, 90, 120, 110])
    test.press('Enter')
    expect([test.selection, test.state]).toEqual([[], 'smart.idle'])
  })

  it('says why there is no answer, and makes nothing of an empty one', () => {
    test.click(100, 100)
    answer(null, { stage: 'failed', message: 'No machine.' })
    test.press('Enter')
    expect(told()).toBe('No machine.')
    test.click(120, 100)
    answer(null)
    test.press('Enter')
    expect([told(), test.tracks]).toEqual(['Nothing is left of the mask. Click on the object.', []])
  })

  it('keeps clicks on their frame while the playhead is elsewhere, and goes back there by a further one', () => {
    test.click(100, 100)
    answer([90, 90, 120, 110])
    test.session.frame.value = 7
    test.click(120, 100)
    expect([test.session.frame.value, signs()]).toEqual([0, [[100, 100, true]]])
    test.session.frame.value = 7
    test.press('Enter')
    expect([test.row(test.tracks[0]!, 0)?.keyframe, test.row(test.tracks[0]!, 7)]).toEqual([true, null])
  })

  it('is left with nothing drawn when another tool is taken up', () => {
    test.click(100, 100)
    answer([90, 90, 120, 110])
    test.press('S')
    expect([test.tracks, test.editor.painting.value, test.editor.clicks.value]).toEqual([[], null, null])
  })
})

describe('with a mask selected', () => {
  beforeEach(() => {
    const track = test.store.transact('Given', (tx) => {
      const id = tx.createTrack({ label: 5 })
      tx.putRow(id, keyframe(0, mask([90, 90, 120, 110])))
      return id
    })
    test.session.select(track)
  })

  it('corrects it, and shows it until the answer is there', () => {
    const [track] = test.tracks
    test.click(140, 100)
    expect([newest().track, test.editor.painting.value?.base?.bounds]).toEqual([track, [90, 90, 120, 110]])
    answer([90, 90, 150, 110])
    test.press('Enter')
    expect([test.tracks, shape()?.bounds]).toEqual([[track], [90, 90, 150, 110]])
    expect(test.sent('run.start')).toHaveLength(0)
    expect(test.session.tool.value).toBe('smart')
  })

  it('tells a run that follows it, with the clicks', () => {
    const [track] = test.tracks
    test.bench.run({ id: 'run', tracks: [track!], heads: { [track!]: 8 } })
    test.click(140, 100)
    answer([90, 90, 150, 110])
    test.press('Enter')
    const clicked = { clicks: [{ x: 140, y: 100, positive: true }], box: null }
    expect(test.sent('run.correct')).toMatchObject([{ track, frame: 0, clicked }])
  })
})

describe('a mask that was clicked', () => {
  beforeEach(() => {
    test.drag([80, 80], [140, 120]).click(100, 100)
    answer([90, 90, 120, 110])
    test.press('Enter')
  })

  const prompts = () => test.sent('run.start').at(-1)!.prompts

  it('is tracked with its clicks and its box', () => {
    test.press('T')
    const clicked = { clicks: [{ x: 100, y: 100, positive: true }], box: [80, 80, 140, 120] }
    expect(prompts()).toEqual([{ track: test.tracks[0], frame: 0, clicked }])
  })

  it('goes on from them where further clicks correct it', () => {
    test.press('Shift+S').click(130, 100, { alt: true })
    answer([90, 90, 115, 110])
    test.press('Enter').press('T')
    expect(prompts()[0]!.clicked).toMatchObject({
      clicks: [
        { x: 100, positive: true },
        { x: 130, positive: false },
      ],
      box: [80, 80, 140, 120],
    })
  })

  it('is tracked without them once it was changed otherwise', () => {
    test.store.transact('Painted', (tx) => tx.putRow(test.tracks[0]!, keyframe(0, mask([90, 90, 121, 110]))))
    test.press('T')
    expect(prompts()).toEqual([{ track: test.tracks[0], frame: 0 }])
  })
})

describe('how a question stands', () => {
  const state = { mask: null, score: 0.83, message: '' }
  const question = { frame: 0, clicks: [{ x: 1, y: 1, positive: true }], box: null, track: null, model: null }

  it('is said in words', () => {
    expect(statusOf(null, 0)).toMatch(/^Click on an object/)
    expect(statusOf({ ...state, question: { ...question, clicks: [] }, stage: 'looking' }, 4)).toBe(
      'Looking at the frame… 4 s',
    )
    expect(statusOf({ ...state, question, stage: 'looking' }, 0)).toMatch(/your clicks are answered then\.$/)
    expect(statusOf({ ...state, question, stage: 'answered', mask: mask([1, 1, 2, 2]) }, 0)).toBe(
      '1 click: the model is 83 % sure of its mask.',
    )
    expect(statusOf({ ...state, question, stage: 'failed', message: 'No machine.' }, 0)).toBe('No machine.')
  })
})
