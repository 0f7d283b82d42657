import { describe, expect, it } from 'vitest'
import type { Skeleton } from '@/protocol/generated'
import { addJoint, changeJoint, mirrored, NO_JOINTS, PRESETS, removeJoint, toggleEdge } from './skeleton-model'

const three = (): Skeleton => [0.1, 0.2, 0.3].reduce((skeleton, x) => addJoint(skeleton, x, x), NO_JOINTS)

describe('a skeleton’s template', () => {
  it('gives a new joint a number that is free', () => {
    const skeleton = addJoint(changeJoint(removeJoint(three(), 0), 0, { name: 'elbow' }), 0.5, 0.5)
    expect(skeleton.joints.map(({ name }) => name)).toEqual(['elbow', '3', '4'])
  })

  it('keeps joints inside the box', () => {
    expect(addJoint(NO_JOINTS, -2, 1.5).joints[0]).toMatchObject({ x: 0, y: 1 })
    expect(changeJoint(three(), 1, { x: 9 }).joints[1]).toMatchObject({ x: 1, y: 0.2, name: '2' })
  })

  it('draws a line once, whichever end comes first, and takes it away again', () => {
    const drawn = toggleEdge(three(), 2, 0)
    expect(drawn.edges).toEqual([[0, 2]])
    expect(toggleEdge(drawn, 0, 2).edges).toEqual([])
    expect(toggleEdge(three(), 1, 1).edges).toEqual([])
  })

  it('takes a joint’s lines along, and lets the others keep their ends', () => {
    const skeleton = toggleEdge(toggleEdge(three(), 0, 1), 1, 2)
    expect(removeJoint(skeleton, 0)).toMatchObject({ joints: [{ name: '2' }, { name: '3' }], edges: [[0, 1]] })
  })

  it('is the same mirrored twice', () => {
    expect(mirrored(mirrored(three()))).toEqual(three())
  })

  it.each(PRESETS)(
    'begins from $label with names that differ and lines between joints that are there',
    ({ skeleton }) => {
      expect(new Set(skeleton.joints.map(({ name }) => name)).size).toBe(skeleton.joints.length)
      expect(skeleton.edges.flat().every((end) => end < skeleton.joints.length)).toBe(true)
      expect(skeleton.joints.every(({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1)).toBe(true)
    },
  )
})
