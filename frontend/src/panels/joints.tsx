import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { pointsOf, Seen } from '@/geometry/kinds/point-list'
import type { ShownShape, Skeleton } from '@/store/types'
import { Section } from './section'

const STATES = [
  [Seen.visible, 'Visible', '●'],
  [Seen.occluded, 'Occluded', '○'],
  [Seen.absent, 'Absent', '×'],
] as const

/** The joints of the one selected skeleton on this frame: which are to be seen, hidden by something, or not there. */
export function Joints({ editor }: { editor: Editor }) {
  const { store, session } = editor
  const [selected, ...others] = session.selection.value
  editor.selectionHere.value
  const shape = selected && !others.length ? store.queries.shapeAt(selected, session.frame.value) : null
  const skeleton = shape?.kind === 'skeleton' ? editor.label(shape.track.label)?.skeleton : null
  if (!shape || !skeleton) return null
  return (
    <Section editor={editor} id="joints" title={t('Joints')} aside={<span class="count">{counted(shape)}</span>}>
      <ul class="joint-list">
        {pointsOf(shape).map(({ seen }, index) => (
          <Joint key={index} editor={editor} shape={shape} index={index} seen={seen} skeleton={skeleton} />
        ))}
      </ul>
    </Section>
  )
}

interface JointProps {
  readonly editor: Editor
  readonly shape: ShownShape
  readonly index: number
  readonly seen: Seen
  readonly skeleton: Skeleton
}

function Joint({ editor, shape, index, seen, skeleton }: JointProps) {
  const name = skeleton.joints[index]?.name ?? String(index + 1)
  return (
    <li>
      <span class="joint-name" title={name}>
        {name}
      </span>
      <span class="joint-states" role="radiogroup" aria-label={name}>
        {STATES.map(([state, text, sign]) => (
          <button
            key={state}
            type="button"
            role="radio"
            aria-checked={seen === state}
            aria-label={`${name}: ${t(text).toLowerCase()}`}
            title={t(text)}
            disabled={!editor.config.can_edit || shape.track.locked}
            onClick={() => editor.setJoint(shape.track.id, index, state)}
          >
            {sign}
          </button>
        ))}
      </span>
    </li>
  )
}

/** e.g. "15 of 17 visible" */
function counted(shape: ShownShape): string {
  const points = pointsOf(shape)
  return t('{visible} of {count} visible', {
    visible: points.filter(({ seen }) => seen === Seen.visible).length,
    count: points.length,
  })
}
