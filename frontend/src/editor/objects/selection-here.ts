import { computed, type ReadonlySignal } from '@preact/signals-core'
import type { EditorStore } from '@/store/store'

/**
 * What the selected objects show on the current frame, as one value: who reads it renders again when that changes, and not
 * with each frame of a run that fills others.
 */
export function selectionHere(store: EditorStore): ReadonlySignal<string> {
  const { records, queries, session } = store
  return computed(() => {
    records.version.value
    records.tracks.value
    const frame = session.frame.value
    return [...session.selection.value]
      .map((id) => {
        const row = queries.rowAt(id, frame)
        const shape = queries.shapeAt(id, frame) ?? queries.ghostAt(id, frame)
        // Only skeletons show more in panels than where they lie.
        const joints = shape?.kind === 'skeleton' ? shape.payload.join() : ''
        return [
          id,
          row?.keyframe,
          row?.outside,
          shape?.kind,
          shape?.origin,
          shape?.occluded,
          shape?.bounds.join(),
          joints,
        ].join(' ')
      })
      .join('\n')
  })
}
