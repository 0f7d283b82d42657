import { counted, t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { putParts } from '@/editor/shapes/parts'
import { removeHere } from '@/editor/shapes/removal'
import { nameOf } from '@/editor/objects/name'
import { kindOf, type Geometry, type GeometryKind } from '@/geometry/kinds'
import { boxGeometry } from '@/geometry/kinds/box'
import { ofVertices, verticesOf } from '@/geometry/kinds/vertex-list'
import { joinedMasks, joinedPolygons } from '@/geometry/joining'
import { outlinesOf } from '@/geometry/mask-outlines'
import { emptyBitmap, encodeMask, fillPolygon, withoutHoles } from '@/geometry/rle'
import { keyframe } from '@/store/chunks'
import type { Transaction } from '@/store/transaction'
import type { FrameNumber, ShownShape, TrackId } from '@/store/types'

/** What can be made one. */
const JOINED: GeometryKind[] = ['polygon', 'mask']
/** px²: smaller pieces beside a larger one are what a model or a slip of the brush left behind. */
const SPECK_PX2 = 10

const usesMasks = ({ config }: Editor) =>
  config.labels.some(({ geometry_kinds: geometryKinds }) => geometryKinds.includes('mask'))

const selectedShapes = (editor: Editor, ...kinds: GeometryKind[]): ShownShape[] =>
  editor
    .selected()
    .map((track) => editor.store.queries.shapeAt(track, editor.session.frame.value))
    .filter((shape) => shape !== null)
    .filter(({ kind }) => kinds.includes(kind))

/** Replace the selected shapes of some kinds on this frame by another shape of theirs, as one step of undo. */
function change(
  editor: Editor,
  summary: string,
  kinds: GeometryKind[],
  made: (shape: ShownShape) => Geometry | null,
): void {
  const frame = editor.session.frame.value
  const changed = selectedShapes(editor, ...kinds).flatMap((shape) => {
    const next = editor.mayEdit(shape.track.id) ? made(shape) : null
    return next && allowed(editor, shape, next.kind) ? [{ shape, next }] : []
  })
  if (!changed.length) return
  editor.store.transact(summary, (tx) =>
    changed.forEach(({ shape, next }) =>
      tx.putRow(shape.track.id, keyframe(frame, next, { occluded: shape.occluded })),
    ),
  )
}

function allowed(editor: Editor, { track }: ShownShape, kind: GeometryKind): boolean {
  const label = editor.label(track.label)
  if (label?.geometry_kinds.includes(kind)) return true
  editor.session.tell(
    t('{label} may not be drawn as a {kind}. Allow it in the project’s labels.', {
      label: label?.name ?? t('This label'),
      kind: t(kindOf({ kind }).name),
    }),
    'error',
  )
  return false
}

function toMask(shape: ShownShape): Geometry | null {
  const [x1, y1, x2, y2] = [
    Math.floor(shape.bounds[0]),
    Math.floor(shape.bounds[1]),
    Math.ceil(shape.bounds[2]),
    Math.ceil(shape.bounds[3]),
  ]
  const bitmap = emptyBitmap({ left: x1, top: y1, width: Math.max(x2 - x1, 1), height: Math.max(y2 - y1, 1) })
  const vertices = shape.kind === 'polygon' ? verticesOf(shape) : kindOf(shape).outlines(shape)[0]!.points
  fillPolygon(bitmap, vertices, 1)
  return encodeMask(bitmap)
}

/** Every piece of the selected masks becomes a polygon: the largest keeps the track, the others are objects of their own. */
function toPolygons(editor: Editor): void {
  const frame = editor.session.frame.value
  const planned = selectedShapes(editor, 'mask').flatMap((shape) => {
    if (!editor.mayEdit(shape.track.id) || !allowed(editor, shape, 'polygon')) return []
    const { pieces, holes } = outlinesOf(shape, editor.smartSettings.tolerance.value)
    const kept = pieces.filter(({ area }, index) => !index || area >= SPECK_PX2)
    return kept.length
      ? [
          {
            shape,
            polygons: kept.map(({ outline }) => ofVertices('polygon', outline)),
            holes,
            specks: pieces.length - kept.length,
          },
        ]
      : []
  })
  if (!planned.length) return
  const tracks = editor.store.transact('Make it a polygon', (tx) =>
    planned.flatMap(({ shape, polygons }) => putParts(tx, shape, frame, polygons)),
  )
  editor.session.select(...tracks)
  const more = tracks.length - planned.length
  const said = [
    more
      ? counted(
          more,
          '{pieces} pieces: one is an object of its own now.',
          '{pieces} pieces: {count} are objects of their own now.',
          { pieces: tracks.length },
        )
      : '',
    planned.some(({ holes }) => holes) ? t('Holes are filled, polygons have none.') : '',
    planned.some(({ specks }) => specks) ? t('Specks under {area} pixels are left out.', { area: SPECK_PX2 }) : '',
  ].filter(Boolean)
  if (said.length) editor.session.tell(said.join(' '))
}

/** One shape of the selected polygons and masks: the first keeps it, the others are not on this frame any more. */
function join(editor: Editor): void {
  const frame = editor.session.frame.value
  const shapes = selectedShapes(editor, ...JOINED)
  const [first, ...others] = shapes
  const kind = shapes.every((shape) => shape.kind === 'polygon') ? 'polygon' : 'mask'
  if (!first || !allowed(editor, first, kind) || !shapes.every(({ track }) => editor.mayEdit(track.id))) return
  const joined = kind === 'polygon' ? joinedPolygons(shapes.map(verticesOf)) : null
  if (kind === 'polygon' && !joined) {
    editor.session.tell(
      t('These polygons don’t touch. Move them together, or make them masks to join them as they are.'),
      'error',
    )
    return
  }
  const shape = joined
    ? ofVertices('polygon', joined.outline)
    : joinedMasks(shapes.flatMap((each) => (each.kind === 'mask' ? each : toMask(each)) ?? []))
  editor.store.transact(`Join ${shapes.length} shapes`, (tx) => {
    tx.putRow(first.track.id, keyframe(frame, shape, { occluded: shapes.every(({ occluded }) => occluded) }))
    for (const { track } of others) leaveFrame(editor, tx, track.id, frame)
  })
  editor.session.select(first.track.id)
  editor.session.tell(
    [
      t('Joined {count} shapes as {name}.', { count: shapes.length, name: nameOf(editor, first.track.id) }),
      joined?.holes ? t('The hole between them is filled, polygons have none.') : '',
    ]
      .join(' ')
      .trim(),
  )
}

/** A track that shows something elsewhere loses this frame; one that doesn't goes altogether. */
function leaveFrame(editor: Editor, tx: Transaction, track: TrackId, frame: FrameNumber): void {
  const [first, last] = editor.store.queries.extent(track) ?? [frame, frame]
  if (first === frame && last === frame) tx.updateTrack(track, { deleted: true })
  else removeHere(editor, tx, track, frame)
}

const having =
  (...kinds: GeometryKind[]) =>
  (editor: Editor) =>
    selectedShapes(editor, ...kinds).length > 0
const shapes = { group: 'Shapes', undoable: true, keys: [] } as const

export const MASKS: readonly Command[] = [
  {
    id: 'brush.larger',
    label: 'Larger brush',
    group: 'Tools',
    help: 'Of the brush that paints masks; so does Ctrl with the wheel.',
    keys: ['Ctrl+.'],
    undoable: false,
    when: usesMasks,
    needs: 'Allow a label to be a mask first.',
    run: ({ brush }) => brush.resize(1),
  },
  {
    id: 'brush.smaller',
    label: 'Smaller brush',
    group: 'Tools',
    help: 'Of the brush that paints masks.',
    keys: ['Ctrl+,'],
    undoable: false,
    when: usesMasks,
    needs: 'Allow a label to be a mask first.',
    run: ({ brush }) => brush.resize(-1),
  },
  {
    id: 'brush.erase',
    label: 'Erase or paint',
    group: 'Tools',
    help: 'Lets brush and area take pixels away, or add them. Alt does it for one stroke.',
    keys: ['Alt+U'],
    undoable: false,
    when: usesMasks,
    needs: 'Allow a label to be a mask first.',
    run: ({ brush }) => (brush.erases.value = !brush.erases.value),
  },
  {
    ...shapes,
    id: 'mask.fill-holes',
    label: 'Fill holes',
    help: 'Of the selected masks on this frame.',
    when: having('mask'),
    needs: 'Select a mask first.',
    run: (editor) => change(editor, 'Fill holes', ['mask'], withoutHoles),
  },
  {
    ...shapes,
    id: 'mask.of-shape',
    label: 'Make it a mask',
    help: 'The selected boxes and polygons on this frame become pixels.',
    when: having('polygon', 'box', 'rotated_box'),
    needs: 'Select a polygon or a box first.',
    run: (editor) => change(editor, 'Make it a mask', ['polygon', 'box', 'rotated_box'], toMask),
  },
  {
    ...shapes,
    id: 'mask.to-polygon',
    label: 'Make it a polygon',
    help: 'The selected masks on this frame become their outlines; further pieces become objects of their own.',
    when: having('mask'),
    needs: 'Select a mask first.',
    run: toPolygons,
  },
  {
    ...shapes,
    id: 'shape.join',
    label: 'Join shapes',
    help: 'One shape of the selected polygons or masks on this frame; the first selected object keeps it.',
    keys: ['Shift+J'],
    when: (editor) => selectedShapes(editor, ...JOINED).length > 1,
    needs: 'Select two polygons or masks on this frame first.',
    run: join,
  },
  {
    ...shapes,
    id: 'mask.to-box',
    label: 'Make it a box',
    help: 'What encloses the selected shapes on this frame.',
    when: having('mask', 'polygon', 'polyline', 'points', 'skeleton', 'rotated_box'),
    needs: 'Select a shape that is no box first.',
    run: (editor) =>
      change(
        editor,
        'Make it a box',
        ['mask', 'polygon', 'polyline', 'points', 'skeleton', 'rotated_box'],
        ({ bounds }) => boxGeometry(bounds),
      ),
  },
]

/** Those for the menu, by id, that can be done with what is selected on this frame: they part it, join it, or make another kind of it. */
export function partingActions(editor: Editor): string[] {
  const possible = MASKS.filter(
    ({ id, when }) => ['shape.join', 'mask.to-polygon', 'mask.of-shape'].includes(id) && when?.(editor),
  )
  return [...(having(...JOINED)(editor) ? ['tool.slice'] : []), ...possible.map(({ id }) => id)]
}
