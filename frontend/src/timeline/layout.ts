/** Measures and colours that the parts of the timeline share. */
import type { Scale } from './scale'
import { frameToX } from './scale'

/** The whole video, small. */
export const MINIMAP_PX = 14
export const RULER_PX = 24
export const STRIP_PX = 36
export const ROW_PX = 24
/** The column of names, left of the frames. */
export const GUTTER_PX = 200
/** Where the parts of a name begin; pictures and texts farther left where no label has attributes that change. */
export const NAME_X = { triangle: 4, picture: 18, text: 44, without: 12 } as const

export interface Palette {
  readonly ground: string
  readonly page: string
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly accent: string
  readonly onAccent: string
  readonly selected: string
  readonly warn: string
  readonly ok: string
  readonly danger: string
  /** Of what people say. */
  readonly note: string
}

/** What every part needs to draw itself; lengths are CSS px of the timeline's canvas. */
export interface Surface {
  readonly context: CanvasRenderingContext2D
  readonly scale: Scale
  readonly palette: Palette
  readonly width: number
  readonly height: number
  /** Where the rows begin, below ruler and strip. */
  readonly top: number
}

export function readPalette(host: HTMLElement): Palette {
  const style = getComputedStyle(host)
  const read = (name: string) => style.getPropertyValue(name).trim()
  return {
    ground: read('--panel'),
    page: read('--ground'),
    line: read('--line'),
    text: read('--text'),
    muted: read('--muted'),
    accent: read('--accent'),
    onAccent: read('--on-accent'),
    selected: read('--selected'),
    warn: read('--warn'),
    ok: read('--ok'),
    danger: read('--danger'),
    note: read('--note'),
  }
}

/** Canvas x of a frame's left edge. */
export const xOf = (scale: Scale, frame: number) => GUTTER_PX + frameToX(scale, frame)

/** Draw inside a rectangle only. */
export function clipped(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  width: number,
  height: number,
  draw: () => void,
): void {
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  draw()
  context.restore()
}
