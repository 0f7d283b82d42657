/** A skeleton's template as it is being edited. Pure: every change makes a new one. */
import type { Joint, Skeleton } from '@/protocol/generated'

export const NO_JOINTS: Skeleton = { joints: [], edges: [] }

const share = (value: number) => Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000

export function addJoint({ joints, edges }: Skeleton, x: number, y: number): Skeleton {
  const taken = new Set(joints.map(({ name }) => name))
  let number = joints.length + 1
  while (taken.has(String(number))) number++
  return { joints: [...joints, { name: String(number), x: share(x), y: share(y) }], edges }
}

export function changeJoint(skeleton: Skeleton, index: number, change: Partial<Joint>): Skeleton {
  const changed = (joint: Joint): Joint => ({
    name: change.name ?? joint.name,
    x: share(change.x ?? joint.x),
    y: share(change.y ?? joint.y),
  })
  return { ...skeleton, joints: skeleton.joints.map((joint, at) => (at === index ? changed(joint) : joint)) }
}

/** A joint goes with its lines; those after it move up by one place. */
export function removeJoint({ joints, edges }: Skeleton, index: number): Skeleton {
  const place = (at: number) => (at > index ? at - 1 : at)
  return {
    joints: joints.filter((_, at) => at !== index),
    edges: edges.filter((edge) => !edge.includes(index)).map(([a, b]) => [place(a), place(b)] as const),
  }
}

/** Draw the line between two joints, or take it away. */
export function toggleEdge(skeleton: Skeleton, a: number, b: number): Skeleton {
  if (a === b) return skeleton
  const edge = [Math.min(a, b), Math.max(a, b)] as const
  const others = skeleton.edges.filter(([from, to]) => from !== edge[0] || to !== edge[1])
  return { ...skeleton, edges: others.length < skeleton.edges.length ? others : [...others, edge] }
}

/** Left and right change places, as in a mirror. */
export const mirrored = (skeleton: Skeleton): Skeleton => ({
  ...skeleton,
  joints: skeleton.joints.map((joint) => ({ ...joint, x: share(1 - joint.x) })),
})

interface Preset {
  readonly id: string
  readonly label: string
  readonly skeleton: Skeleton
}

const named = (places: Readonly<Record<string, readonly [number, number]>>): Joint[] =>
  Object.entries(places).map(([name, [x, y]]) => ({ name, x, y }))

/** The 17 keypoints of COCO, in its order, of a person who faces the camera: their left is on the right. */
const COCO_PERSON: Skeleton = {
  joints: named({
    nose: [0.5, 0.08],
    'left eye': [0.54, 0.05],
    'right eye': [0.46, 0.05],
    'left ear': [0.59, 0.07],
    'right ear': [0.41, 0.07],
    'left shoulder': [0.68, 0.22],
    'right shoulder': [0.32, 0.22],
    'left elbow': [0.79, 0.37],
    'right elbow': [0.21, 0.37],
    'left wrist': [0.84, 0.52],
    'right wrist': [0.16, 0.52],
    'left hip': [0.61, 0.54],
    'right hip': [0.39, 0.54],
    'left knee': [0.63, 0.75],
    'right knee': [0.37, 0.75],
    'left ankle': [0.64, 0.96],
    'right ankle': [0.36, 0.96],
  }),
  edges: [
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 4],
    [5, 6],
    [5, 7],
    [7, 9],
    [6, 8],
    [8, 10],
    [5, 11],
    [6, 12],
    [11, 12],
    [11, 13],
    [13, 15],
    [12, 14],
    [14, 16],
  ],
}

const FINGERS = ['thumb', 'index', 'middle', 'ring', 'little'] as const

/** A wrist and four joints for each finger, from its root to its tip. */
function hand(): Skeleton {
  const fingers = FINGERS.flatMap((finger, at) =>
    [1, 2, 3, 4].map((joint) => ({ name: `${finger} ${joint}`, ...alongFinger(at, joint) })),
  )
  const edges = FINGERS.flatMap(
    (_, at) =>
      [[0, 4 * at + 1], ...[1, 2, 3].map((joint) => [4 * at + joint, 4 * at + joint + 1])] as [number, number][],
  )
  return { joints: [{ name: 'wrist', x: 0.5, y: 0.97 }, ...fingers], edges }
}

/** Joint 1 to 4 of a finger that spreads from the palm's middle. */
function alongFinger(finger: number, joint: number): { x: number; y: number } {
  const angle = ((finger - 2) * 24 * Math.PI) / 180
  const far = (finger === 0 ? 0.3 : 0.42) + 0.13 * (joint - 1)
  return { x: share(0.5 + far * Math.sin(angle)), y: share(0.97 - far * Math.cos(angle)) }
}

const FACE: Skeleton = {
  joints: named({
    'left eye': [0.7, 0.3],
    'right eye': [0.3, 0.3],
    nose: [0.5, 0.55],
    'left mouth': [0.66, 0.78],
    'right mouth': [0.34, 0.78],
  }),
  edges: [],
}

export const PRESETS: readonly Preset[] = [
  { id: 'person', label: 'Person, 17 joints (COCO)', skeleton: COCO_PERSON },
  { id: 'hand', label: 'Hand, 21 joints', skeleton: hand() },
  { id: 'face', label: 'Face, 5 points', skeleton: FACE },
]
