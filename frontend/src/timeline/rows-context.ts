import type { Editor } from '@/editor/editor'
import type { Run, Track } from '@/store/types'
import type { TimelineView } from './view'

/** A small picture of a track's object; false: there is none yet. */
export interface Thumbnails {
  draw(context: CanvasRenderingContext2D, track: Track, x: number, y: number, size: number): boolean
}

/** What all rows of one drawing need, worked out once. */
export interface RowsContext {
  readonly editor: Editor
  readonly view: TimelineView
  readonly runs: readonly Run[]
  readonly thumbnails: Thumbnails
}
