import { expect, test } from 'vitest'
import { ApiError, Rest } from '@/protocol/rest'
import type { Transfer } from '@/protocol/transfers'
import { Exports } from './project-export'

const VIDEOS = [
  { id: 1, name: 'street.mp4', layer: 11 },
  { id: 2, name: 'river.mp4', layer: 12 },
]

/** Exports of layer 12 are refused; the others are done at once, or never. */
class FakeTransfers extends Rest {
  readonly sent: unknown[] = []

  constructor(private readonly state: Transfer['state']) {
    super('', '')
  }

  override get<T>(): Promise<T> {
    return new Promise(() => undefined)
  }

  override send<T>(_method: string, path: string, body?: unknown): Promise<T> {
    this.sent.push([path, body])
    if (path.includes('/12/')) return Promise.reject(new ApiError('This video was removed.', 404))
    const transfer = {
      id: path,
      kind: 'export',
      state: this.state,
      progress: 0.5,
      message: '',
      file: '/f',
      file_name: 'f',
      report: { tracks: 1, shapes: 2, losses: [] },
    }
    return Promise.resolve(transfer as T)
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
  expect(rest.sent).toEqual([['/layers/11/exports', { format: 'mot', options: { pixels: 'cvat' } }]])
  expect(exports.transfers.value.get(1)?.state).toBe('done')
})

test('a video that is refused says why, and the others are exported', async () => {
  const exports = new Exports(new FakeTransfers('done'))
  exports.open(VIDEOS)
  await exports.begin(VIDEOS)
  expect(exports.problem.value).toBe('This video was removed.')
  expect([...exports.transfers.value.keys()]).toEqual([1])
})

test('a dialog that is opened again shows what is still being made', () => {
  const exports = new Exports(new FakeTransfers('running'))
  exports.open(VIDEOS)
  void exports.begin(VIDEOS.slice(0, 1))
  return Promise.resolve().then(() => {
    exports.close()
    exports.open(VIDEOS)
    expect([...exports.ticked.value!]).toEqual([1])
    expect(exports.transfers.value.size).toBe(1)
  })
})
