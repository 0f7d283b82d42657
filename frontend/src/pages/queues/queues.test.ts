import { expect, it } from 'vitest'
import type { LayerQueueOut } from '@/protocol/generated'
import { addressOf, Queues, wantsBuilding } from './queues'

const QUEUE: LayerQueueOut = {
  layer: 7,
  layer_name: 'main',
  layer_kind: 'main',
  video: 3,
  video_name: 'dogs.mp4',
  state: 'done',
  message: '',
  built_at: '2026-11-01T10:00:00Z',
  is_stale: false,
  left: { spans: 2, among: 5, wrong: 12, reasons: [], first: null },
  left_out: 0,
  reopened: 0,
  jobs: [],
}

const shown = (...rows: LayerQueueOut[]) => {
  const queues = new Queues({ project: 1, may_build: true, csrf_token: '' })
  queues.rows.value = rows
  return queues
}

it('builds what was never built, what was changed since, and what could not be built', () => {
  expect(wantsBuilding(QUEUE)).toBe(false)
  const others: Partial<LayerQueueOut>[] = [{ left: null, state: 'none' }, { is_stale: true }, { state: 'failed' }]
  for (const other of others) expect(wantsBuilding({ ...QUEUE, ...other })).toBe(true)
})

it('counts what waits apart from what is stale', () => {
  const queues = shown(QUEUE, { ...QUEUE, is_stale: true }, { ...QUEUE, left: null, state: 'queued' })
  expect([queues.open.value, queues.stale.value]).toEqual([1, 1])
})

it('opens the editor at a span, on a layer or on a job', () => {
  expect(addressOf(QUEUE, 40)).toBe('/videos/3/edit/?layer=7&frame=40&queue')
  expect(addressOf(QUEUE, null, 9)).toBe('/videos/3/edit/?job=9&queue')
})
