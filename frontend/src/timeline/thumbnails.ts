/** Small pictures of the objects, cut from the frame that is decoded anyway or from the strip. A bounded sheet of them. */
import type { Editor } from '@/editor/editor'
import { isTagLabel } from '@/editor/time/frame-tags'
import type { Box } from '@/geometry/box'
import type { EditorConfig, FrameNumber, Track, TrackId } from '@/store/types'
import type { Thumbnails } from './rows-context'

const SIDE = 16
const TILE_PX = 40
/** Pictures cut in one go, so that scrolling stays smooth. */
const AT_ONCE = 6
/** Of an object's size, so that something around it is to be seen. */
const ROOM = 1.15
const LEAST_PX = 12

type Strip = NonNullable<EditorConfig['video']['strip']>

interface Slot {
  readonly index: number
  /** Cut from the strip, which is coarse: to be replaced when the frame itself is at hand. */
  readonly coarse: boolean
}

/** Part of a picture, in its px. */
interface Cut {
  readonly image: CanvasImageSource
  readonly x: number
  readonly y: number
  readonly side: number
  readonly coarse: boolean
}

export class ThumbnailSheet implements Thumbnails {
  strip: HTMLImageElement | null = null
  /** The decoded picture of a frame, where it is at hand. */
  peek: (frame: FrameNumber) => ImageBitmap | null = () => null
  /** In the order of their last use. */
  private readonly slots = new Map<TrackId, Slot>()
  private readonly wanted = new Set<Track>()
  private sheet: CanvasRenderingContext2D | null = null

  constructor(private readonly editor: Editor) {}

  draw(context: CanvasRenderingContext2D, track: Track, x: number, y: number, size: number): boolean {
    const slot = this.slots.get(track.id)
    if (!slot || (slot.coarse && this.editor.store.queries.showsOn(track.id, this.editor.session.frame.value)))
      this.wanted.add(track)
    if (!slot || !this.sheet) return false
    this.slots.delete(track.id)
    this.slots.set(track.id, slot)
    const [left, top] = placeOf(slot.index)
    context.drawImage(this.sheet.canvas, left, top, TILE_PX, TILE_PX, x, y, size, size)
    return true
  }

  /** Cut some of the pictures that were missing when rows were drawn last. Returns whether there are new ones. */
  fill(): boolean {
    let count = 0
    for (const track of this.wanted) {
      const cut = count < AT_ONCE ? this.cutOf(track) : null
      if (cut) {
        this.put(track.id, cut)
        count++
      }
    }
    this.wanted.clear()
    return count > 0
  }

  private put(track: TrackId, { image, x, y, side, coarse }: Cut): void {
    this.sheet ??= newSheet()
    const index = this.slots.get(track)?.index ?? this.freeSlot()
    this.slots.set(track, { index, coarse })
    const [left, top] = placeOf(index)
    this.sheet.clearRect(left, top, TILE_PX, TILE_PX)
    this.sheet.drawImage(image, x, y, side, side, left, top, TILE_PX, TILE_PX)
  }

  private freeSlot(): number {
    if (this.slots.size < SIDE * SIDE) return this.slots.size
    const [oldest, { index }] = this.slots.entries().next().value!
    this.slots.delete(oldest)
    return index
  }

  private cutOf(track: Track): Cut | null {
    const { session, store, config } = this.editor
    const frame = session.frame.value
    const shape = store.queries.shapeAt(track.id, frame)
    if (this.editor.config.labels.some((label) => label.id === track.label && isTagLabel(label))) return null
    const picture = shape && this.peek(frame)
    if (picture)
      return squareCut(
        picture,
        shape.bounds,
        picture.width / config.video.width,
        { x: 0, y: 0, width: picture.width, height: picture.height },
        false,
      )
    const { strip } = this.editor.preparation.value
    return this.strip && strip && !this.slots.has(track.id) ? this.stripCut(track, this.strip, strip) : null
  }

  private stripCut(track: Track, image: HTMLImageElement, strip: Strip): Cut | null {
    const { queries } = this.editor.store
    const extent = queries.extent(track.id)
    if (!extent) return null
    const tile = Math.min(Math.ceil(extent[0] / strip.every), strip.count - 1)
    const shape = queries.shapeAt(track.id, tile * strip.every)
    if (!shape) return null
    const within = {
      x: (tile % strip.columns) * strip.tile_width,
      y: Math.floor(tile / strip.columns) * strip.tile_height,
      width: strip.tile_width,
      height: strip.tile_height,
    }
    return squareCut(image, shape.bounds, strip.tile_width / this.editor.config.video.width, within, true)
  }
}

/** A square around a box of the video, within a picture at `scale` that lies at `within` in an image. */
export function squareCut(
  image: CanvasImageSource,
  [x1, y1, x2, y2]: Box,
  scale: number,
  within: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
  coarse: boolean,
): Cut {
  const wanted = Math.max((x2 - x1) * scale, (y2 - y1) * scale, LEAST_PX) * ROOM
  const side = Math.min(wanted, within.width, within.height)
  const left = Math.min(Math.max(((x1 + x2) / 2) * scale - side / 2, 0), within.width - side)
  const top = Math.min(Math.max(((y1 + y2) / 2) * scale - side / 2, 0), within.height - side)
  return { image, x: within.x + left, y: within.y + top, side, coarse }
}

const placeOf = (index: number) => [(index % SIDE) * TILE_PX, Math.floor(index / SIDE) * TILE_PX] as const

function newSheet(): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIDE * TILE_PX
  return canvas.getContext('2d')!
}
