import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { OverviewOut } from '@/protocol/generated'
import { keyframeBox } from './chunks'
import type { Loader } from './loader'
import { Overview } from './overview'
import { TrackRows } from './track-rows'

const told: OverviewOut = {
  revision: 3,
  frames_per_bin: 256,
  tracks: {
    a: [
      [10, 20, 2, 2, 0, 0, 1, 0],
      [300, 400, 90, 1, 89, 0, 0.25, 4],
    ],
  },
}

let revision: number
let fetch: ReturnType<typeof vi.fn<() => Promise<OverviewOut>>>
let overview: Overview

beforeEach(() => {
  revision = 3
  fetch = vi.fn(() => Promise.resolve({ ...told, revision }))
  // The first window is here, the others aren't.
  overview = new Overview(
    {
      overview: fetch,
      covers: (frame: number) => frame < 256,
      coversWindow: (start: number) => start < 256,
    } as unknown as Loader,
    () => revision,
  )
})

describe('the overview', () => {
  it('is fetched again only when the store knows of something newer', async () => {
    await overview.refresh()
    await overview.refresh(performance.now() + 1e4)
    expect(fetch).toHaveBeenCalledTimes(1)
    revision = 4
    await overview.refresh(performance.now() + 1e4)
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('asks again after it could not be fetched', async () => {
    fetch.mockRejectedValueOnce(new Error('offline'))
    await overview.refresh()
    expect(overview.value.value).toBeNull()
    await overview.refresh(performance.now() + 1e4)
    expect(overview.value.value).toEqual(told)
  })

  it('adds a track up', async () => {
    await overview.refresh()
    expect(overview.summaries.value.get('a')).toEqual({
      first: 10,
      last: 400,
      keyframes: 3,
      predicted: 89,
      lowest: 0.25,
      doubtful: 4,
    })
  })

  it('gives way to the rows that are here, which are newer', async () => {
    const rows = new TrackRows()
    rows.put(keyframeBox(5, [0, 0, 1, 1]))
    expect(overview.bins('a', rows)).toBeNull()
    await overview.refresh()
    expect(overview.bins('a', rows)).toEqual([[5, 5, 1, 1, 0, 0, 1, 0], told.tracks.a![1]])
    expect(overview.bins('new', rows)).toEqual([[5, 5, 1, 1, 0, 0, 1, 0]])
  })
})
