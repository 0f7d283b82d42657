/** Makes bitmaps of what a decoder gives: drawing a VideoFrame converts its colours, which took a third of the page's time. */
import { isUpright, upright, type Orientation } from './upright'

/** `width`, `height`: px of the display-oriented frame; what comes is of that size, whatever the file's pixels are. */
export interface Look {
  readonly width: number
  readonly height: number
  readonly orientation: Orientation
  /** A proxy may have a last column or row that only makes its sides even; it is cut off. */
  readonly padded: boolean
}

export class Pictures {
  /** One after the other: they share the memory. */
  private turn: Promise<unknown> = Promise.resolve()
  private pixels: Uint8ClampedArray<ArrayBuffer> = new Uint8ClampedArray()
  private copies = true

  constructor(private readonly look: Look) {}

  of(decoded: VideoFrame): Promise<ImageBitmap> {
    const made = this.turn.then(() => this.made(decoded))
    this.turn = made.catch(() => undefined)
    return made
  }

  private async made(decoded: VideoFrame): Promise<ImageBitmap> {
    const { orientation } = this.look
    const stored = await this.copied(decoded)
    if (isUpright(orientation)) {
      if (stored) return this.fitted(stored, stored.width, stored.height)
      return this.fitted(decoded, decoded.displayWidth, decoded.displayHeight)
    }
    const shown = turned(stored ?? drawn(decoded), orientation)
    return this.fitted(shown, shown.width, shown.height)
  }

  /**
   * The colours as the page shows them, of a picture that lies in ordinary memory. Chromium's other ways keep a copy of each
   * of those that were converted, up to 500 MB, long after it was closed. What lies in a graphics card's memory had best stay
   * there.
   */
  private async copied(decoded: VideoFrame): Promise<ImageData | null> {
    if (!this.copies || !decoded.format?.startsWith('I4')) return null
    const { width, height } = decoded.visibleRect!
    const bytes = 4 * width * height
    if (this.pixels.length !== bytes) this.pixels = new Uint8ClampedArray(bytes)
    try {
      await decoded.copyTo(this.pixels, { format: 'RGBA', colorSpace: 'srgb' })
    } catch {
      // Not every browser converts every kind of picture.
      this.copies = false
      return null
    }
    return new ImageData(this.pixels, width, height)
  }

  private fitted(picture: ImageBitmapSource, has: number, hasDown: number): Promise<ImageBitmap> {
    const { width, height, padded } = this.look
    if (has === width && hasDown === height) return createImageBitmap(picture)
    if (padded && has === width + (width % 2) && hasDown === height + (height % 2))
      return createImageBitmap(picture, 0, 0, width, height)
    return createImageBitmap(picture, { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' })
  }
}

function drawn(decoded: VideoFrame): ImageData {
  const { width, height } = decoded.visibleRect!
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!
  context.drawImage(decoded, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}

function turned({ data, width, height }: ImageData, orientation: Orientation): ImageData {
  const stored = new Uint32Array(data.buffer, data.byteOffset, width * height)
  const pixels = new Uint8ClampedArray(upright(stored, width, height, orientation).buffer as ArrayBuffer)
  return orientation.turns % 2 ? new ImageData(pixels, height, width) : new ImageData(pixels, width, height)
}
