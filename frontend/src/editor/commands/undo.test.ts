import { describe, expect, it } from 'vitest'
import { propagate } from '@/editor/time/clipboard'
import { planThinning, thinOut } from '@/editor/time/thinning'
import { COMMANDS } from '@/editor/commands'
import { commandOf } from '@/editor/tool'
import { TOOLS } from '@/editor/tools'
import type { Geometry } from '@/geometry/kinds'
import { boxGeometry } from '@/geometry/kinds/box'
import { ofVertices } from '@/geometry/kinds/vertex-list'
import { emptyBitmap, encodeMask, fillPolygon } from '@/geometry/rle'
import { keyframe } from '@/store/chunks'
import type { EditorConfig, TrackId } from '@/store/types'
import { CONFIG } from '@/testing/fakes'
import { giveVerdict } from '@/editor/review/review'
import { TestEditor } from '@/testing/test-editor'

/** What a command is tried on. What isn't said: a person's box from frame 0 to 20, selected, on frame 10. */
interface Scene {
  readonly config?: Partial<EditorConfig>
  readonly given?: (test: TestEditor, box: TrackId) => void
  /** What the person answers to a dialog that it opens; a question is answered with yes. */
  readonly answer?: (test: TestEditor, box: TrackId) => void
}

const square = (x: number, y: number, side: number) => [
  { x, y },
  { x: x + side, y },
  { x: x + side, y: y + side },
  { x, y: y + side },
]

function ring(): Geometry {
  const bitmap = emptyBitmap({ left: 100, top: 100, width: 30, height: 30 })
  fillPolygon(bitmap, square(100, 100, 30), 1)
  fillPolygon(bitmap, square(110, 110, 10), 0)
  return encodeMask(bitmap)!
}

/** The selected objects are keyframes on this frame, of label 5, which may be a mask, a polygon or a box. */
function shapes(...geometries: Geometry[]): Scene {
  return {
    given: (test) => {
      const tracks = geometries.map((geometry) =>
        test.store.transact('Given', (tx) => {
          const id = tx.createTrack({ label: 5 })
          tx.putRow(id, keyframe(10, geometry))
          return id
        }),
      )
      test.session.select(...tracks)
    },
  }
}

/** A second track beside the box, selected with it. */
const beside = (frames: readonly [number, number]): Scene => ({
  given: (test, box) => {
    const other = test.given({ [frames[0]]: [100, 100, 120, 120], [frames[1]]: [110, 100, 130, 120] })
    test.session.select(box, other)
  },
})

const ranged = (first: number, last: number): Scene => ({ given: (test) => (test.session.range.value = [first, last]) })

const onKeyframe: Scene = {
  given: (test, box) => {
    test.store.transact('Given', (tx) => tx.putRow(box, keyframe(15, boxGeometry([9, 0, 19, 10]))))
    test.session.frame.value = 15
  },
}

const NINE_LABELS = Array.from({ length: 9 }, (_, index) => ({
  ...CONFIG.labels[0]!,
  id: index + 1,
  name: `label ${index + 1}`,
  hotkey: String(index + 1),
}))

/** The box has another label than the one whose digit is pressed. */
const labelled = (id: number): Scene => ({
  config: { labels: NINE_LABELS },
  given: (test, box) => test.store.transact('Given', (tx) => tx.updateTrack(box, { label: id === 9 ? 1 : id + 1 })),
})

const candidate: Scene = {
  given: (test, box) => test.store.transact('Given', (tx) => tx.updateTrack(box, { candidate: true })),
}

const SCENES: Readonly<Record<string, Scene>> = {
  'draw.finish': {
    given: (test) => {
      test.press('P')
      for (const { x, y } of square(100, 100, 50).slice(0, 3)) test.pointerMove(x, y).click(x, y)
    },
  },
  'mask.fill-holes': shapes(ring()),
  'mask.of-shape': shapes(boxGeometry([10, 10, 40, 40])),
  'mask.to-polygon': shapes(ring()),
  'mask.to-box': shapes(ring()),
  'shape.join': shapes(ofVertices('polygon', square(100, 100, 50)), ofVertices('polygon', square(120, 120, 50))),
  'shape.propagate': { answer: ({ editor }) => propagate(editor, 15) },
  'shape.paste': { given: (test) => (test.command('shape.copy').session.frame.value = 15) },
  'shape.paste-new': { given: (test) => void test.command('shape.copy') },
  'keyframe.earlier': onKeyframe,
  'keyframe.later': onKeyframe,
  ...Object.fromEntries(NINE_LABELS.map(({ id }) => [`label.${id}`, labelled(id)])),
  'track.swap': beside([0, 20]),
  'track.merge': beside([30, 40]),
  'track.remove-outside': { given: (test) => void test.command('shape.outside') },
  'track.interpolate': { given: (test, box) => void test.predict(box, [5, 6, 12], [0, 0, 10, 10]) },
  'track.thin-out': {
    given: (test, box) => void test.predict(box, [4, 5, 6, 7], [4, 0, 14, 10]),
    answer: ({ editor }, box) => thinOut(editor, planThinning(editor, [box], { tolerance: 5, keepKeyframes: true })),
  },
  'candidate.take': candidate,
  'candidate.dismiss': candidate,
  'track.label-colour': {
    given: (test, box) => test.store.transact('Given', (tx) => tx.updateTrack(box, { colour: '#123456' })),
  },
  'review.reject': { answer: ({ editor }) => editor.review.rejecting.value!.reject('wide') },
  'review.clear': { given: ({ editor }, track) => giveVerdict(editor, [{ track, ranges: [[0, 20]] }], 'check') },
  'range.remove-keyframes': ranged(15, 25),
  'range.trim': ranged(5, 15),
  'range.propagate': ranged(5, 15),
}

const ALL = [...TOOLS.map(commandOf), ...COMMANDS]
/** They take back and do again what others did: all the others' tests are theirs. */
const HISTORY = ['edit.undo', 'edit.redo']
const named = (undoable: boolean) =>
  ALL.filter((command) => command.undoable === undoable && !HISTORY.includes(command.id)).map(({ id }) => id)

async function begun({ config = {}, given }: Scene): Promise<{ test: TestEditor; box: TrackId }> {
  const test = await TestEditor.open(config)
  const box = test.given({ 0: [0, 0, 10, 10], 20: [20, 0, 30, 10] })
  test.session.select(box)
  test.session.frame.value = 10
  given?.(test, box)
  return { test, box }
}

/** Everything that is stored: the tracks that are there, each with its rows. */
const stored = ({ store, tracks }: TestEditor) =>
  tracks.map((id) => ({ ...store.records.track(id)!, rows: [...store.records.rows(id).within(0, 999)] }))

const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('a command that can be undone', () => {
  it('is tried on something that it can change, wherever a person’s box is no such thing', () => {
    expect(Object.keys(SCENES).filter((id) => !named(true).includes(id))).toEqual([])
  })

  it.each(named(true))(
    '%s changes what is stored in one step, which undo takes back and redo does again',
    async (id) => {
      const scene = SCENES[id] ?? {}
      const { test, box } = await begun(scene)
      const [before, sent] = [stored(test), test.sent('edit').length]
      test.command(id)
      await settled()
      if (test.editor.question.value) test.confirm()
      scene.answer?.(test, box)
      await settled()
      const after = stored(test)
      expect(after, test.session.notice.value?.message).not.toEqual(before)
      expect(test.sent('edit').length - sent).toBe(1)
      test.command('edit.undo')
      await settled()
      expect(stored(test)).toEqual(before)
      test.command('edit.redo')
      await settled()
      expect(stored(test)).toEqual(after)
    },
  )
})

/** All that the commands above found something to do with, at once. */
const RICH: Scene = {
  config: { labels: [{ ...CONFIG.labels[4]!, id: 1 }, ...CONFIG.labels.slice(1)] },
  given: (test, box) => {
    test.predict(box, [5, 6, 12], [0, 0, 10, 10])
    test.session.range.value = [5, 15]
    test.command('shape.copy').command('shape.outside').command('edit.undo').command('shape.keyframe')
  },
}

describe('a command that says that it changes nothing', () => {
  it.each(named(false))('%s sends no edit, and leaves everything as it is', async (id) => {
    const { test } = await begun(RICH)
    const [before, sent] = [stored(test), test.sent('edit').length]
    test.command(id)
    await settled()
    expect(test.editor.question.value).toBeNull()
    expect(stored(test)).toEqual(before)
    expect(test.sent('edit')).toHaveLength(sent)
  })
})
