/** Measures and colours that the parts of the timeline share. */
import type { Scale } from './scale'
import { frameToX } from './scale'

export const RULER_PX = 24
export const STRIP_PX = 36
export const ROW_PX = 24
/** The column of names, left of the frames. */
export const GUTTER_PX = 168

export interface Palette {
  readonly ground: string
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly accent: string
  readonly selected: string
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
  return { ground: read('--panel'), line: read('--line'), text: read('--text'), muted: read('--muted'), accent: read('--accent'), selected: read('--selected') }
}

/** Canvas x of a frame's left edge. */
export const xOf = (scale: Scale, frame: number) => GUTTER_PX + frameToX(scale, frame)

/** Draw inside a rectangle only. */
export function clipped(context: CanvasRenderingContext2D, x: number, y: number, width: number, height: number, draw: () => void): void {
  context.save()
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
  draw()
  context.restore()
}
