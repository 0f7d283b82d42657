/** What a player of pictures is. */
export type Picture = ImageBitmap

export interface PlayerOptions {
  readonly proxyUrl: string
  /** Until it is `ready`, frames come as images. */
  readonly proxyState: string
  /** With `{frame}` in place of the number. */
  readonly frameUrl: string
  readonly frameCount: number
  readonly fps: number
  /** px of the display-oriented frame; the proxy may have one more column or row, which is not shown. */
  readonly width: number
  readonly height: number
  /** Use images even where WebCodecs would do. */
  readonly forceImages?: boolean
}

export interface Player {
  /** The frame to show next; its picture arrives by `onFrame`, at once when it is in the cache. */
  show(frame: number): void
  /** The picture to draw; it stays valid until the next call. While scrubbing it may be of a frame asked for earlier. */
  onFrame: (frame: number, picture: Picture) => void
  onError: (message: string) => void
  /** Frame ranges whose pictures are here, both ends included. */
  onBuffered: (ranges: readonly (readonly [number, number])[]) => void
  /** Decode ahead in the direction of travel: `speed` in multiples of fps, negative backward, 0 both sides. */
  prefetch(frame: number, speed: number): void
  /** The picture of a frame if it is in the cache. */
  peek(frame: number): Picture | null
  readonly kind: 'webcodecs' | 'images'
  dispose(): void
}
