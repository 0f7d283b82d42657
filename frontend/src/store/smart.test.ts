import { beforeEach, expect, it } from 'vitest'
import { toBase64 } from '@/core/base64'
import { emptyBitmap, encodeMask } from '@/geometry/rle'
import type { SmartAnswer } from '@/protocol/generated'
import { StoreBench } from '@/testing/fakes'
import { keyframe } from './chunks'
import { tablesOf } from './operations'
import type { SmartQuestion } from './smart'

const QUESTION: SmartQuestion = {
  frame: 7,
  clicks: [{ x: 5, y: 6, positive: true }],
  box: [1, 2, 30, 40],
  track: null,
  model: null,
}

let bench: StoreBench

beforeEach(async () => {
  bench = new StoreBench()
  await bench.store.open()
  bench.connect()
})

const smart = () => bench.store.smart
const state = () => smart().state.value
const asked = () => bench.sent.flatMap((message) => (message.type === 'smart.clicks' ? [message] : []))

function answer(more: Partial<SmartAnswer>): void {
  bench.store.receive({
    type: 'smart.answer',
    request: asked().at(-1)!.request,
    stage: 'answered',
    table: '',
    score: 0,
    message: '',
    ...more,
  })
}

function table(): string {
  const bitmap = emptyBitmap({ left: 3, top: 4, width: 2, height: 2 })
  bitmap.bits.fill(1)
  return toBase64(tablesOf([keyframe(7, encodeMask(bitmap)!)])[0]!.bytes)
}

it('asks with clicks and box, tells how it stands, and has the mask in the end', () => {
  smart().ask(QUESTION)
  expect(asked()).toMatchObject([{ frame: 7, clicks: QUESTION.clicks, box: [1, 2, 30, 40], track: null, model: null }])
  expect(state()?.stage).toBe('asked')
  answer({ stage: 'looking' })
  expect(state()).toMatchObject({ stage: 'looking', mask: null })
  answer({ table: table(), score: 0.5 })
  expect(state()).toMatchObject({ stage: 'answered', score: 0.5, mask: { kind: 'mask', bounds: [3, 4, 5, 6] } })
})

it('keeps the mask while a further click is under way, and lets it go where nothing is left', () => {
  smart().ask(QUESTION)
  answer({ table: table() })
  smart().ask({ ...QUESTION, clicks: [...QUESTION.clicks, { x: 1, y: 1, positive: false }] })
  expect(state()).toMatchObject({ stage: 'asked', mask: { bounds: [3, 4, 5, 6] } })
  answer({ table: '' })
  expect(state()?.mask).toBeNull()
})

it('doesn’t take what answers an older question', () => {
  smart().ask(QUESTION)
  const { request } = asked()[0]!
  smart().ask(QUESTION)
  answer({ request, table: table() })
  expect(state()).toMatchObject({ stage: 'asked', mask: null })
})

it('asks again after a lost connection, and says that there is none meanwhile', () => {
  bench.online = false
  smart().ask(QUESTION)
  expect(state()?.message).toContain('no connection')
  bench.connect()
  expect(asked()).toHaveLength(1)
  answer({ stage: 'failed', message: 'No machine.' })
  expect(state()).toMatchObject({ stage: 'failed', message: 'No machine.' })
  bench.connect()
  expect(asked()).toHaveLength(1)
})
