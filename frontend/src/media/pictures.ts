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
    const stored = (this.copies && (await this.copied(decoded))) || (await this.drawn(decoded))
    const { orientation } = this.look
    return this.fitted(isUpright(orientation) ? stored : turned(stored, orientation))
  }

  /**
   * The colours as the page shows them. Chromium's other ways keep a copy of every frame that was converted, up to 500 MB,
   * long after it was closed.
   */
  private async copied(decoded: VideoFrame): Promise<ImageData | null> {
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

  private async drawn(decoded: VideoFrame): Promise<ImageData> {
    const { width, height } = decoded.visibleRect!
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })!
    context.drawImage(decoded, 0, 0, width, height)
    return Promise.resolve(context.getImageData(0, 0, width, height))
  }

  private fitted(picture: ImageData): Promise<ImageBitmap> {
    const { width, height, padded } = this.look
    if (picture.width === width && picture.height === height) return createImageBitmap(picture)
    if (padded && picture.width === width + (width % 2) && picture.height === height + (height % 2))
      return createImageBitmap(picture, 0, 0, width, height)
    return createImageBitmap(picture, { resizeWidth: width, resizeHeight: height, resizeQuality: 'high' })
  }
}

function turned({ data, width, height }: ImageData, orientation: Orientation): ImageData {
  const stored = new Uint32Array(data.buffer, data.byteOffset, width * height)
  const pixels = new Uint8ClampedArray(upright(stored, width, height, orientation).buffer as ArrayBuffer)
  return orientation.turns % 2 ? new ImageData(pixels, height, width) : new ImageData(pixels, width, height)
}
