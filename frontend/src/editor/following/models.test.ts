import { expect, it } from 'vitest'
import { KINDS } from '@/store/chunks'
import type { ShownShape } from '@/store/types'
import { CONFIG } from '@/testing/fakes'
import { FAMILIES, familyOf, followedIn, modelsFor, offered, sharedOut, type Family } from './models'

const shape = (kind: ShownShape['kind'], id = kind as string) => ({ kind, track: { id } }) as unknown as ShownShape
const shares = (shapes: ShownShape[], chosen: Partial<Record<Family, string>>) =>
  sharedOut(shapes, (family) => chosen[family] ?? null).map(({ model, shapes: own }) => [
    model,
    own.map(({ track }) => track.id).join(' '),
  ])

it('every kind that can be followed is of one family', () => {
  expect(KINDS.filter((kind) => !FAMILIES.includes(familyOf(kind)))).toEqual([])
  expect(['box', 'mask', 'points', 'polygon'].map(familyOf)).toEqual(['box', 'mask', 'points', 'points'])
})

it('a family is offered the models that follow anything of it', () => {
  expect(FAMILIES.map((family) => modelsFor(CONFIG.models, family).map(({ id }) => id))).toEqual([
    ['boxes'],
    ['points'],
    ['masks'],
  ])
})

it('a model is named with what its licence forbids and what it lacks', () => {
  const model = { ...CONFIG.models[0]!, name: 'Model' }
  expect(offered(model)).toBe('Model')
  expect(offered({ ...model, commercial: false })).toBe('Model (non-commercial)')
  expect(offered({ ...model, commercial: false, available: false, why: 'Needs a.pth.' })).toBe(
    'Model (non-commercial) — Needs a.pth.',
  )
})

it('shapes share a run where they share a model, or the kind whose model is chosen by itself', () => {
  const shapes = [shape('box', 'a'), shape('polygon', 'b'), shape('box', 'c'), shape('points', 'd'), shape('mask', 'e')]
  expect(shares(shapes, {})).toEqual([
    [null, 'a c'],
    [null, 'b'],
    [null, 'd'],
    [null, 'e'],
  ])
  expect(shares(shapes, { points: 'points' })).toEqual([
    [null, 'a c'],
    ['points', 'b d'],
    [null, 'e'],
  ])
  expect(shares(shapes, { box: 'all', points: 'all', mask: 'all' })).toEqual([['all', 'a b c d e']])
  expect(shares([], {})).toEqual([])
})

it('what encloses an object can be followed as its mask, together with masks and apart from the rest', () => {
  expect(KINDS.filter((kind) => followedIn(kind, true) === 'mask')).toEqual(['box', 'rotated_box', 'polygon', 'mask'])
  const shapes = [shape('box', 'a'), shape('polygon', 'b'), shape('mask', 'c'), shape('points', 'd')]
  const all = sharedOut(shapes, () => null, true)
  expect(all.map(({ asMask, shapes: own }) => [asMask, own.map(({ track }) => track.id).join(' ')])).toEqual([
    [true, 'a b c'],
    [false, 'd'],
  ])
  expect(sharedOut(shapes, () => 'all', true).map(({ asMask }) => asMask)).toEqual([true, false])
  expect(sharedOut([shape('mask')], () => null, true).map(({ asMask }) => asMask)).toEqual([false])
})
