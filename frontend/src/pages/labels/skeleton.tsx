import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { LONGEST_NAME, type Skeleton } from '@/protocol/generated'
import { addJoint, changeJoint, mirrored, NO_JOINTS, PRESETS, removeJoint, toggleEdge } from './skeleton-model'

/** Side of the field on which joints are placed, in units of its drawing. */
const FIELD = 100
const NUDGES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-0.01, 0],
  ArrowRight: [0.01, 0],
  ArrowUp: [0, -0.01],
  ArrowDown: [0, 0.01],
}

interface Props {
  readonly name: string
  readonly colour: string
  readonly skeleton: Skeleton | null
  /** Objects have a point for each joint: none may come or go. */
  readonly inUse: boolean
  readonly fixed: boolean
  readonly problem: string
  readonly onChange: (skeleton: Skeleton) => void
}

/** The template of a label's skeletons: a field to place joints on, and their names beside it. */
export function SkeletonEditor({ name, colour, skeleton, inUse, fixed, problem, onChange }: Props) {
  const template = skeleton ?? NO_JOINTS
  const chosen = useSignal<number | null>(null)
  const remove = (index: number) => {
    chosen.value = null
    onChange(removeJoint(template, index))
  }
  /** Choose a joint; with another one chosen, draw or remove the line between them and go on from here. */
  const choose = (index: number) => {
    if (chosen.value !== null && chosen.value !== index) onChange(toggleEdge(template, chosen.value, index))
    chosen.value = chosen.value === index ? null : index
  }
  return (
    <fieldset class="skeleton" disabled={fixed}>
      <legend>{t('Skeleton')}</legend>
      <div class="skeleton-field">
        <Field
          name={name}
          colour={colour}
          template={template}
          chosen={chosen.value}
          fixed={fixed}
          inUse={inUse}
          onChange={onChange}
          onChoose={choose}
          onRemove={remove}
        />
        <p class="muted hint">
          {t(
            inUse
              ? 'Objects have this skeleton: joints can be moved, renamed and connected, not added or removed.'
              : 'Click to add a joint, drag to move it.',
          )}{' '}
          {t('Click one joint, then another, to draw or remove the line between them.')}
        </p>
      </div>
      <div class="skeleton-joints">
        <div class="line">
          {!inUse && (
            <select
              aria-label={t('Begin the skeleton of {name} from', { name })}
              value=""
              onChange={(event) => {
                const preset = PRESETS.find(({ id }) => id === event.currentTarget.value)
                event.currentTarget.value = ''
                chosen.value = null
                if (preset) onChange(preset.skeleton)
              }}
            >
              <option value="">{t('Begin from …')}</option>
              {PRESETS.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          )}
          <button
            type="button"
            class="button quiet small"
            disabled={!template.joints.length}
            onClick={() => onChange(mirrored(template))}
          >
            {t('Mirror')}
          </button>
        </div>
        {problem && (
          <p class="error" role="alert">
            {problem}
          </p>
        )}
        <ol aria-label={t('Joints of {name}', { name })}>
          {template.joints.map((joint, index) => (
            <li key={index} class={chosen.value === index ? 'chosen' : ''}>
              <span class="muted">{index + 1}</span>
              <input
                value={joint.name}
                maxLength={LONGEST_NAME}
                aria-label={t('Name of joint {index} of {name}', { index: index + 1, name })}
                onFocus={() => (chosen.value = index)}
                onInput={(event) => onChange(changeJoint(template, index, { name: event.currentTarget.value }))}
              />
              {!inUse && (
                <button
                  type="button"
                  class="button quiet small danger"
                  aria-label={t('Remove joint {name}', { name: joint.name })}
                  onClick={() => remove(index)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ol>
      </div>
    </fieldset>
  )
}

interface FieldProps extends Pick<Props, 'name' | 'colour' | 'fixed' | 'inUse' | 'onChange'> {
  readonly template: Skeleton
  readonly chosen: number | null
  readonly onChoose: (index: number) => void
  readonly onRemove: (index: number) => void
}

function Field({ name, colour, template, chosen, fixed, inUse, onChange, onChoose, onRemove }: FieldProps) {
  const dragged = useSignal<{ index: number; moved: boolean } | null>(null)
  const placeOf = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }
  const down = (event: PointerEvent & { currentTarget: SVGSVGElement }) => {
    if (fixed || event.button !== 0) return
    const joint = (event.target as Element).closest<SVGGElement>('[data-joint]')
    const { x, y } = placeOf(event)
    if (joint) {
      event.currentTarget.setPointerCapture(event.pointerId)
      dragged.value = { index: Number(joint.dataset.joint), moved: false }
    } else if (!inUse) onChange(addJoint(template, x, y))
  }
  const move = (event: PointerEvent) => {
    const drag = dragged.value
    if (!drag) return
    const { x, y } = placeOf(event)
    const { x: x0, y: y0 } = template.joints[drag.index]!
    if (!drag.moved && Math.hypot(x - x0, y - y0) < 0.02) return
    dragged.value = { ...drag, moved: true }
    onChange(changeJoint(template, drag.index, { x, y }))
  }
  const up = () => {
    const drag = dragged.value
    dragged.value = null
    if (drag && !drag.moved) onChoose(drag.index)
  }
  const key = (event: KeyboardEvent, index: number) => {
    const by = NUDGES[event.key]
    const { x, y } = template.joints[index]!
    if (by) onChange(changeJoint(template, index, { x: x + by[0], y: y + by[1] }))
    else if (event.key === 'Enter' || event.key === ' ') onChoose(index)
    else if (event.key === 'Delete' && !inUse) onRemove(index)
    else return
    event.preventDefault()
  }
  return (
    <svg
      viewBox={`0 0 ${FIELD} ${FIELD}`}
      role="group"
      aria-label={t('Skeleton of {name}', { name })}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={() => (dragged.value = null)}
    >
      {template.edges.map(([from, to]) => {
        const [a, b] = [template.joints[from]!, template.joints[to]!]
        return (
          <line
            key={`${from}-${to}`}
            x1={a.x * FIELD}
            y1={a.y * FIELD}
            x2={b.x * FIELD}
            y2={b.y * FIELD}
            stroke={colour}
          />
        )
      })}
      {template.joints.map((joint, index) => (
        <g
          key={index}
          data-joint={index}
          tabIndex={fixed ? -1 : 0}
          role="button"
          aria-pressed={chosen === index}
          aria-label={t('Joint {name}; arrows move it, Enter chooses it', { name: joint.name })}
          transform={`translate(${joint.x * FIELD} ${joint.y * FIELD})`}
          class={chosen === index ? 'chosen' : ''}
          onKeyDown={(event) => key(event, index)}
        >
          <circle class="reach" r={4} />
          <circle r={2} fill={colour} />
          <text x={3} y={-2}>
            {joint.name}
          </text>
        </g>
      ))}
    </svg>
  )
}
