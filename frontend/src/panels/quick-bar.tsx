import { effect, useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import { selectedTracks } from '@/editor/commands/attributes'
import { labelsFor, relabel } from '@/editor/commands/objects'
import type { Editor } from '@/editor/editor'
import { openMenuOfSelection, placeBeside, selectionInView } from '@/editor/objects/menu'
import { CommandButton } from './buttons'
import { Icon } from './icons'
import { Popover } from './popover'

/** What is done most with the selected objects, right beside them. It follows the view and keeps off while one draws. */
export function QuickBar({ editor }: { editor: Editor }) {
  const bar = useRef<HTMLDivElement>(null)
  const pressing = useSignal(false)
  const place = () => {
    if (bar.current) put(editor, bar.current, pressing.value)
  }
  useEffect(() => effect(place), [])
  useEffect(() => {
    const down = ({ target }: PointerEvent) => (pressing.value = target instanceof HTMLElement && target.id === 'stage')
    const up = () => (pressing.value = false)
    window.addEventListener('pointerdown', down)
    window.addEventListener('pointerup', up)
    return () => {
      window.removeEventListener('pointerdown', down)
      window.removeEventListener('pointerup', up)
    }
  }, [])
  // What is in the bar may be wider now.
  useLayoutEffect(place)
  const wanted = editor.display.quickBar.value && editor.config.can_edit
  return (
    <div ref={bar} class="quick-bar" role="toolbar" aria-label={t('Actions for the selected objects')} hidden={!wanted}>
      {wanted && !editor.session.playing.value && editor.selected().length > 0 && <Actions editor={editor} />}
    </div>
  )
}

/** Where there is no room beside the objects the bar goes, so that it never covers them. */
function put(editor: Editor, bar: HTMLElement, pressing: boolean): void {
  const { session } = editor
  const busy = pressing || session.playing.value || session.tool.value !== 'select'
  const box = selectionInView(editor)
  session.frame.value
  const room = { width: bar.parentElement!.clientWidth, height: bar.parentElement!.clientHeight }
  const at = box && !busy ? placeBeside(box, { width: bar.offsetWidth, height: bar.offsetHeight }, room) : null
  bar.style.visibility = at ? 'visible' : 'hidden'
  if (at) bar.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)`
}

function Actions({ editor }: { editor: Editor }) {
  const { store, session } = editor
  editor.selectionHere.value
  const frame = session.frame.value
  const ids = editor.selected()
  const rows = ids.map((id) => store.queries.rowAt(id, frame))
  const every = (is: 'keyframe' | 'outside') => rows.every((row) => row?.[is])
  const occluded = ids.every((id) => store.queries.shapeAt(id, frame)?.occluded)
  return (
    <>
      <LabelOf editor={editor} />
      <CommandButton editor={editor} id="shape.keyframe" icon="diamond" pressed={every('keyframe')} />
      <CommandButton editor={editor} id="shape.outside" icon="outside" pressed={every('outside')} />
      <CommandButton editor={editor} id="shape.occluded" icon="occluded" pressed={occluded} />
      <span class="bar-gap" />
      <CommandButton editor={editor} id="run.backward" icon="trackBack" />
      <CommandButton editor={editor} id="run.forward" icon="trackForth" />
      <CommandButton editor={editor} id="track.split" icon="split" />
      <span class="bar-gap" />
      <Popover id="delete-menu" icon="trash" label={t('Delete')} wide>
        {(close) => (
          <div class="menu-list" onClick={close}>
            <CommandButton editor={editor} id="shape.delete-here" icon="deleteHere" text={t('Delete here')} />
            <CommandButton
              editor={editor}
              id="shape.delete-from-here"
              icon="clearFrom"
              text={t('Delete from here on')}
            />
            <CommandButton editor={editor} id="track.delete" icon="trash" text={t('Delete whole track')} />
          </div>
        )}
      </Popover>
      <button
        type="button"
        class="button quiet"
        title={t('More')}
        aria-label={t('More actions')}
        aria-haspopup="menu"
        onClick={() => openMenuOfSelection(editor)}
      >
        <Icon name="more" />
      </button>
    </>
  )
}

function LabelOf({ editor }: { editor: Editor }) {
  const tracks = selectedTracks(editor)
  const [first, ...others] = tracks
  const label = others.every((track) => track.label === first?.label) ? first?.label : undefined
  return (
    <select
      aria-label={t('Label of the selected objects, on the picture')}
      title={t('Label')}
      value={label ?? ''}
      onChange={(event) => {
        const chosen = editor.label(Number(event.currentTarget.value))
        if (chosen) relabel(editor, editor.selected(), chosen)
      }}
    >
      {label === undefined && <option value="">{t('Mixed')}</option>}
      {labelsFor(editor, tracks).map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  )
}
