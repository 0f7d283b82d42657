/** What one pointer move of a stroke costs the store: the mask of the move before goes, a new one of 40 kB comes. */
import { bench, describe } from 'vitest'
import { StoreBench } from '@/testing/fakes'
import { keyframe } from './chunks'

const MASK_BYTES = 40_000

function strokeOn(unsent: number) {
  const { store } = new StoreBench()
  const masks = [0, 1].map((seed) => {
    const payload = Uint8Array.from({ length: MASK_BYTES }, (_, index) => (index * 31 + seed) & 255)
    return keyframe(0, { kind: 'mask', bounds: [0, 0, 640, 360], payload })
  })
  const track = store.transact('Given', (tx) => {
    const id = tx.createTrack({ label: 1 })
    tx.putRow(id, masks[0]!)
    return id
  })
  for (let edits = 1; edits < unsent; edits++) store.transact('Paint', (tx) => tx.putRow(track, masks[edits % 2]!))
  return { store, track, masks }
}

describe('a mask of 40 kB', () => {
  const { store, track, masks } = strokeOn(1)
  const gesture = store.beginGesture('Paint')
  let moves = 0
  bench('one pointer move', () => gesture.update((tx) => tx.putRow(track, masks[moves++ % 2]!)))
})

describe('predictions that come while ten edits of 40 kB are unsent', () => {
  const { store } = strokeOn(10)
  const header = { type: 'predictions', run: null, sequence: 1, tables: [], missed: [] } as const
  bench('one message', () => store.receivePredictions({ header: { ...header, tables: [], missed: [] }, tables: [] }))
})
