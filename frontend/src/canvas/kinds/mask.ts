import type { Geometry } from '@/geometry/kinds'
import { decodeMask, type Bitmap, type Window } from '@/geometry/rle'
import { videoToView, type View } from '@/geometry/view-transform'
import type { Painter } from './painter'

export interface MaskImage {
  readonly image: OffscreenCanvas
  readonly border: OffscreenCanvas
  /** px of the video */
  readonly left: number
  readonly top: number
  /** px of the video that one pixel of the images stands for, either way */
  readonly step: number
  readonly colour: string
}

/** By payload, so that they go with the rows they belong to; the latest of them, as many as there is room for. */
const images = new Map<Uint8Array, MaskImage>()
let pixelsHeld = 0
/** Of all images together; each takes eight bytes a pixel. */
const MOST_PIXELS = 24_000_000
/** Of one image: a larger mask is drawn more coarsely, as no screen shows it whole in all its pixels. */
const MOST_PER_IMAGE = 4_000_000
/** Beside a selection: how much of the picture a mask covers when nothing else says so. */
const LEAST_FILL = 0.4

/** A mask's pixels in one colour, and those at its border. */
export function maskImage(shape: Geometry, colour: string): MaskImage {
  const known = images.get(shape.payload)
  if (known?.colour === colour) return known
  if (known) forget(shape.payload, known)
  const made = imageOf(thinned(decodeMask(shape)), colour)
  images.set(shape.payload, made)
  pixelsHeld += pixelsOf(made)
  for (const [payload, image] of images) {
    if (pixelsHeld <= MOST_PIXELS || image === made) break
    forget(payload, image)
  }
  return made
}

const pixelsOf = ({ image }: MaskImage) => image.width * image.height

function forget(payload: Uint8Array, image: MaskImage): void {
  images.delete(payload)
  pixelsHeld -= pixelsOf(image)
}

/** How many pixels of a mask's window, either way, become one of its image. */
export const coarseness = ({ width, height }: Window, most = MOST_PER_IMAGE): number =>
  Math.max(1, Math.ceil(Math.sqrt((width * height) / most)))

interface Thinned extends Bitmap {
  readonly step: number
}

/** Every so-many-th pixel of a bitmap that is too large to be drawn whole. */
function thinned(bitmap: Bitmap): Thinned {
  const step = coarseness(bitmap)
  if (step === 1) return { ...bitmap, step }
  const width = Math.ceil(bitmap.width / step)
  const height = Math.ceil(bitmap.height / step)
  const bits = new Uint8Array(width * height)
  for (let y = 0, pixel = 0; y < height; y++)
    for (let x = 0; x < width; x++, pixel++) bits[pixel] = bitmap.bits[y * step * bitmap.width + x * step]!
  return { left: bitmap.left, top: bitmap.top, width, height, bits, step }
}

function imageOf({ bits, width, height, left, top, step }: Thinned, colour: string): MaskImage {
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
  return { image: canvasOf(inside, width, height), border: canvasOf(border, width, height), left, top, step, colour }
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
  const { image, border, left, top, step } = maskImage(shape, colour)
  placeInVideo(context, view)
  context.imageSmoothingEnabled = view.scale < 1
  context.globalAlpha = Math.max(fill, LEAST_FILL)
  context.drawImage(image, left, top, image.width * step, image.height * step)
  context.globalAlpha = lineWidth > 2 ? 1 : 0.7
  context.drawImage(border, left, top, border.width * step, border.height * step)
}

/** From here on the context takes px of the video. */
function placeInVideo(context: CanvasRenderingContext2D, view: View): void {
  const origin = videoToView(view, { x: 0, y: 0 })
  context.translate(origin.x, origin.y)
  context.rotate((view.turns * Math.PI) / 2)
  context.scale(view.scale, view.scale)
}
