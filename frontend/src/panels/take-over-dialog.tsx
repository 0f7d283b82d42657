import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { LayerOut, TakeOverIn, TrackOut } from '@/protocol/generated'
import { attempt } from './attempt'
import { Modal } from './modal'

interface TakeOverDialogProps {
  readonly editor: Editor
  readonly source: LayerOut
  readonly onClose: () => void
}

/** Which tracks of another layer are copied into the one that is shown: all, or those of some labels. */
export function TakeOverDialog({ editor, source, onClose }: TakeOverDialogProps) {
  const tracks = useSignal<readonly TrackOut[] | null>(null)
  const left = useSignal<ReadonlySet<number>>(new Set())
  const busy = useSignal(false)
  useEffect(
    () =>
      void attempt(editor, async () => {
        tracks.value = (await editor.store.layers.tracks(source.id)).tracks.filter((track) => !track.deleted)
      }),
    [],
  )
  const byLabel = countsByLabel(tracks.value ?? [])
  const wanted = [...byLabel.keys()].filter((label) => !left.value.has(label))
  const coming = wanted.reduce((sum, label) => sum + byLabel.get(label)!, 0)
  const take = async () => {
    busy.value = true
    if (await takeOver(editor, { source: source.id, labels: left.value.size ? wanted : null })) onClose()
    busy.value = false
  }
  return (
    <Modal label={t('Take tracks over')} onClose={onClose}>
      <h2>{t('Take tracks of “{name}” over', { name: source.name })}</h2>
      <p>
        {t('Copies of them come into “{layer}”, beside what is there. One undo takes them back.', {
          layer: editor.config.layer.name,
        })}
      </p>
      <fieldset class="take-over-labels">
        <legend>{t('Labels')}</legend>
        {[...byLabel].map(([label, count]) => (
          <label key={label} class="choice">
            <input
              type="checkbox"
              checked={!left.value.has(label)}
              onChange={(event) => (left.value = toggled(left.value, label, !event.currentTarget.checked))}
            />
            {nameOfLabel(editor, label)} <small>{counted(count, '{count} track', '{count} tracks')}</small>
          </label>
        ))}
        {!tracks.value && <p class="muted">{t('Looking …')}</p>}
      </fieldset>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          {t('Cancel')}
        </button>
        <button type="button" class="button primary" disabled={!coming || busy.value} onClick={() => void take()}>
          {counted(coming, 'Take {count} track over', 'Take {count} tracks over')}
        </button>
      </div>
    </Modal>
  )
}

/** Have the server copy them, and tell what came. Returns whether it did. */
export function takeOver(editor: Editor, wanted: TakeOverIn): Promise<boolean> {
  return attempt(editor, async () => {
    const { tracks, shapes, renumbered } = await editor.store.layers.takeOver(wanted)
    const from = editor.store.layers.named(wanted.source)
    const came = t('Took over {tracks} with {shapes} from “{from}”. Undo takes that back.', {
      tracks: counted(tracks, '{count} track', '{count} tracks'),
      shapes: counted(shapes, '{count} shape', '{count} shapes'),
      from,
    })
    const numbers = counted(
      renumbered,
      '{count} track got another number: its own is taken here.',
      '{count} tracks got other numbers: theirs are taken here.',
    )
    editor.session.tell(renumbered ? `${came} ${numbers}` : came)
  })
}

function countsByLabel(tracks: readonly TrackOut[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { label } of tracks) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function toggled(set: ReadonlySet<number>, key: number, there: boolean): ReadonlySet<number> {
  const next = new Set(set)
  if (there) next.add(key)
  else next.delete(key)
  return next
}

const nameOfLabel = (editor: Editor, id: number): string =>
  editor.config.labels.find((label) => label.id === id)?.name ?? t('A deleted label')
