import { expect, it } from 'vitest'
import { toBase64 } from '@/core/base64'
import type { PreviewOut } from '@/protocol/generated'
import { keyframeBox, pack } from '@/store/chunks'
import { outcomeOf, rowsOf } from './trying'

const shape = (frame: number, more = {}) => toBase64(pack(0, [keyframeBox(frame, [1, 2, 3, 4], more)]))

const outcome = (more: Partial<PreviewOut>): PreviewOut => ({
  id: '',
  video: 1,
  frame: 0,
  model: 'm',
  model_name: 'M',
  least: 0.05,
  state: 'done',
  message: '',
  seen: [],
  left_out: 0,
  seconds: 0.5,
  shapes: [],
  notes: [],
  ...more,
})

const seen = (confidence: number): PreviewOut['seen'][number] => ({
  label: 'car',
  confidence,
  box: [0, 0, 1, 1],
  same: [],
})

it('says how many objects are shown, and how many are left out and why', () => {
  const found = outcome({ seen: [seen(0.9), seen(0.3), seen(0.1)], left_out: 2 })
  expect(outcomeOf('find', found, 0.25)).toBe(
    '2 objects · 1 less sure is left out · 2 more were too many to be told · 0.50 s',
  )
})

it('says how sure a mask is', () => {
  expect(outcomeOf('click', outcome({ shapes: [shape(3, { confidence: 0.8 })], seconds: 12.3 }), 0)).toBe(
    'A mask, 80 % sure · 12 s',
  )
})

it('says over how many frames an object is followed, how fast, and where it is hidden', () => {
  const followed = outcome({ shapes: [shape(3), shape(4, { occluded: true })] })
  expect(rowsOf(followed).map(({ frame, bounds }) => [frame, ...bounds])).toEqual([
    [3, 1, 2, 3, 4],
    [4, 1, 2, 3, 4],
  ])
  expect(outcomeOf('follow', followed, 0)).toBe(
    '2 frames · on 1 it holds the object to be hidden · 0.50 s, 4.0 frames a second',
  )
})
