/** What is made of a new video while people work with it already: a copy that seeks quickly, and thumbnails. */
import type { EditorConfig } from '@/store/types'

type Video = EditorConfig['video']

/** `share`: of the proxy that is done, in [0, 1]. */
export interface Preparation {
  readonly proxy: Video['proxy_state']
  readonly share: number
  readonly strip: Video['strip']
}

/** Whether something is still to come. */
export function isComing({ proxy, strip }: Preparation): boolean {
  return proxy === 'waiting' || proxy === 'making' || (proxy === 'unneeded' && !strip)
}
