/** What the page and its decoding worker say to each other. A group is the pictures from one keyframe to the next. */
export type ToDecoder =
  | { readonly type: 'open'; readonly url: string; readonly fps: number; readonly frameCount: number }
  /** Groups to decode, the most wanted first; it replaces the former list. `frame` is the one to be shown. */
  | { readonly type: 'want'; readonly groups: readonly number[]; readonly frame: number }

export type FromDecoder =
  | { readonly type: 'opened' }
  | { readonly type: 'picture'; readonly frame: number; readonly picture: ImageBitmap }
  /** All pictures of a group were sent, or all that will be. */
  | { readonly type: 'group'; readonly group: number }
  /** Decoding isn't possible here; `message` says why. */
  | { readonly type: 'failed'; readonly message: string }

/** Frames per group of the proxy: each begins with a keyframe (annotator/media/proxy.py, GROUP). */
export const GROUP = 12
export const groupOf = (frame: number) => Math.floor(frame / GROUP)
