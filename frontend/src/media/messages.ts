/** What the page and its decoding worker say to each other. */
import type { Run } from './part-decoder'

/** Where pictures come from: the proxy, or the file as it was uploaded and the list of its packets. */
export type Origin = { readonly url: string; readonly packetsUrl: string | null }

export type ToDecoder =
  | {
      readonly type: 'open'
      readonly origin: Origin
      readonly fps: number
      readonly frameCount: number
      readonly width: number
      readonly height: number
    }
  /**
   * Frames to decode, the most wanted first; it replaces the former list. `frame` is the one to be shown, `received` how
   * many pictures had come when this was asked.
   */
  | { readonly type: 'want'; readonly runs: readonly Run[]; readonly frame: number; readonly received: number }

export type FromDecoder =
  | { readonly type: 'opened' }
  | { readonly type: 'picture'; readonly frame: number; readonly picture: ImageBitmap }
  /** All pictures of a run were sent, or all that will be. */
  | { readonly type: 'ran' }
  /** Decoding isn't possible here; `message` says why. */
  | { readonly type: 'failed'; readonly message: string }
