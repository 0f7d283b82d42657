import type { Geometry } from '@/geometry/kinds'
import { decodeMask } from '@/geometry/rle'
import { videoToView, type View } from '@/geometry/view-transform'
import type { Painter } from './painter'

export interface MaskImage {
  readonly image: OffscreenCanvas
  readonly border: OffscreenCanvas
  /** px of the video */
  readonly left: number
  readonly top: number
  readonly colour: string
}

/** By payload, so that they go with the rows they belong to. */
const images = new WeakMap<Uint8Array, MaskImage>()
/** Beside a selection: how much of the picture a mask covers when nothing else says so. */
const LEAST_FILL = 0.4

/** A mask's pixels in one colour, and those at its border. */
export function maskImage(shape: Geometry, colour: string): MaskImage {
  const known = images.get(shape.payload)
  if (known?.colour === colour) return known
  const { bits, width, height, left, top } = decodeMask(shape)
  const value = littleEndian(colour)
  const inside = new Uint32Array(width * height)
  const border = new Uint32Array(width * height)
  for (let pixel = 0, y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (!bits[pixel]) continue
      inside[pixel] = value
      const edge =
        !x ||
        !y ||
        x === width - 1 ||
        y === height - 1 ||
        !bits[pixel - 1] ||
        !bits[pixel + 1] ||
        !bits[pixel - width] ||
        !bits[pixel + width]
      if (edge) border[pixel] = value
    }
  }
  const made = { image: canvasOf(inside, width, height), border: canvasOf(border, width, height), left, top, colour }
  images.set(shape.payload, made)
  return made
}

function canvasOf(pixels: Uint32Array<ArrayBuffer>, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height)
  canvas.getContext('2d')!.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), width, height), 0, 0)
  return canvas
}

/** #rrggbb as an opaque pixel of ImageData. */
function littleEndian(colour: string): number {
  const value = parseInt(colour.slice(1), 16)
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0
}

/** The pixels, half seen through, and their border; whole pixels of the video, however far one zooms in. */
export const paintMask: Painter = (context, view, shape, { colour, fill, lineWidth }) => {
  const { image, border, left, top } = maskImage(shape, colour)
  placeInVideo(context, view)
  context.imageSmoothingEnabled = view.scale < 1
  context.globalAlpha = Math.max(fill, LEAST_FILL)
  context.drawImage(image, left, top)
  context.globalAlpha = lineWidth > 2 ? 1 : 0.7
  context.drawImage(border, left, top)
}

/** From here on the context takes px of the video. */
function placeInVideo(context: CanvasRenderingContext2D, view: View): void {
  const origin = videoToView(view, { x: 0, y: 0 })
  context.translate(origin.x, origin.y)
  context.rotate((view.turns * Math.PI) / 2)
  context.scale(view.scale, view.scale)
}
