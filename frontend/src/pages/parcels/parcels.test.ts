import { expect, it } from 'vitest'
import type { ParcelOut } from '@/protocol/generated'
import { isUnderWay, Parcels, takenInWords } from './parcels'

const PARCEL: ParcelOut = {
  id: '6f1c2f0a-0000-4000-8000-000000000001',
  kind: 'export',
  project: 1,
  project_name: 'Crossing',
  with_media: true,
  file_name: 'Crossing.framewise.zip',
  size: 9,
  state: 'done',
  progress: 1,
  message: '',
  file: '/api/parcels/6f1c2f0a-0000-4000-8000-000000000001/file',
  report: {
    taken: [
      { words: ['video', 'videos'], count: 1 },
      { words: ['object', 'objects'], count: 1200 },
      { words: ['issue', 'issues'], count: 0 },
    ],
    left_out: [],
    here: [],
    not_here: [],
    notes: [],
    version: 1,
    made_at: '',
    made_by: '',
  },
  created_at: '2026-11-01T10:00:00Z',
  created_by: 'Alice',
  kept_until: '2026-11-08T10:00:00Z',
}

it('counts what was taken, and names nothing of which there is none', () => {
  expect(takenInWords(PARCEL)).toBe('1 video, 1,200 objects')
})

it('goes on looking while one waits or runs', () => {
  const parcels = new Parcels({ project: 1, workspace: 2, csrf_token: '' })
  parcels.rows.value = [PARCEL]
  expect(parcels.isOpen.value).toBe(false)
  parcels.rows.value = [PARCEL, { ...PARCEL, state: 'queued' }]
  expect(parcels.isOpen.value).toBe(true)
  for (const state of ['coming', 'failed', 'cancelled'] as const) expect(isUnderWay({ ...PARCEL, state })).toBe(false)
})

it('keeps the page from being left while a file is sent, and not once that failed', () => {
  const parcels = new Parcels({ project: null, workspace: 2, csrf_token: '' })
  expect(parcels.isBusy).toBe(false)
  parcels.sending.value = { name: 'a.zip', share: 0.5, error: '' }
  expect(parcels.isBusy).toBe(true)
  parcels.sending.value = { name: 'a.zip', share: 0.5, error: 'The server is away.' }
  expect(parcels.isBusy).toBe(false)
})
