import { expect, test } from 'vitest'
import { ApiError } from '@/protocol/rest'
import { FakeRest } from '@/testing/fakes'
import type { TransferOut } from '@/protocol/generated'
import { Exports } from './project-export'

const VIDEOS = [
  { id: 1, name: 'street.mp4', layer: 11 },
  { id: 2, name: 'river.mp4', layer: 12 },
]

/** Exports of layer 12 are refused; the others are done at once, or never. */
class FakeTransfers extends FakeRest {
  readonly sent: unknown[] = []

  constructor(state: TransferOut['state']) {
    super()
    this.answer = (method, address, body) => {
      if (method === 'get') return new Promise(() => undefined)
      this.sent.push([address, body])
      if (address.includes('/12/')) throw new ApiError('This video was removed.', 404)
      const report = { tracks: 1, shapes: 2, losses: [] }
      return { id: address, kind: 'export', state, progress: 0.5, message: '', file: '/f', file_name: 'f', report }
    }
  }
}

test('every ticked video is exported in the chosen format', async () => {
  const rest = new FakeTransfers('done')
  const exports = new Exports(rest)
  exports.open(VIDEOS)
  exports.tick(2, false)
  expect([...exports.ticked.value!]).toEqual([1])
  exports.wanted.value = { format: 'mot', options: { pixels: 'cvat' } }
  await exports.begin(VIDEOS.slice(0, 1))
  expect(rest.sent).toEqual([['/api/layers/11/exports', { format: 'mot', options: { pixels: 'cvat' } }]])
  expect(exports.transfers.value.get(1)?.state).toBe('done')
})

test('a video that is refused says why, and the others are exported', async () => {
  const exports = new Exports(new FakeTransfers('done'))
  exports.open(VIDEOS)
  await exports.begin(VIDEOS)
  expect(exports.problem.value).toBe('This video was removed.')
  expect([...exports.transfers.value.keys()]).toEqual([1])
})

test('a dialog that is opened again shows what is still being made', async () => {
  const exports = new Exports(new FakeTransfers('running'))
  exports.open(VIDEOS)
  void exports.begin(VIDEOS.slice(0, 1))
  await new Promise((resolve) => setTimeout(resolve))
  exports.close()
  exports.open(VIDEOS)
  expect([...exports.ticked.value!]).toEqual([1])
  expect(exports.transfers.value.size).toBe(1)
})
