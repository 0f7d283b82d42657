/** What a player of pictures is. */
export type Picture = ImageBitmap

/** Where pictures come from: decoded here from the proxy or the source, or made by the server. The best comes first. */
export const WAYS = ['proxy', 'source', 'images'] as const
export type Way = (typeof WAYS)[number]

export interface PlayerOptions {
  readonly proxyUrl: string
  /** Until it is `ready`, frames come from the source, or as images. */
  readonly proxyState: string
  /** The file as it was uploaded, where the server knows its packets; null: it can't be decoded here. */
  readonly source: { readonly url: string; readonly packets_url: string } | null
  /** With `{frame}` in place of the number. */
  readonly frameUrl: string
  readonly frameCount: number
  readonly fps: number
  /** px of the display-oriented frame, and of every picture of it. */
  readonly width: number
  readonly height: number
  /** Where pictures may come from, of what there is; images always may. */
  readonly ways: ReadonlySet<Way>
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
  readonly kind: Way
  dispose(): void
}
