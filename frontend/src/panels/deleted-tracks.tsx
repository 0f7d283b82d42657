import { useComputed, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import { restoreTracks } from '@/editor/commands/history'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { DeletedOut } from '@/protocol/generated'
import { trackColour } from '@/store/colours'
import type { BoxPx, Track } from '@/store/types'
import { framesInWords } from './change-words'
import { ago, exactly } from '@/core/times'

/** CSS px. */
const THUMB: readonly [number, number] = [64, 44]
/** How much of what surrounds an object its picture shows, relative to the object. */
const AROUND = 0.35

/** What was deleted, by whom and when, with a picture; one click brings it back. */
export function DeletedTracks({ editor }: { editor: Editor }) {
  const known = useSignal<ReadonlyMap<string, DeletedOut>>(new Map())
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  const { records, restorer } = editor.store
  const deleted = useComputed(() => [...records.tracks.value.values()].filter((track) => track.deleted))
  const ids = deleted.value.map(({ id }) => id).join()
  // The server knows of a deletion only once it is saved.
  const saved = editor.session.saved.value.kind
  useEffect(() => {
    restorer.deleted().then(
      ({ tracks }) => (known.value = new Map(tracks.map((track) => [track.id, track]))),
      // Without it the list has no pictures and dates; bringing back works all the same.
      () => undefined,
    )
  }, [ids, saved])
  const listed = [...deleted.value].sort(
    (a, b) => when(known.value.get(b.id)) - when(known.value.get(a.id)) || b.number - a.number,
  )
  if (!listed.length)
    return <p class="empty">{t('No deleted objects. Whatever is deleted waits here until it is wanted again.')}</p>
  const those = listed.filter(({ id }) => chosen.value.has(id)).map(({ id }) => id)
  const bringBack = (tracks: readonly string[]) => {
    restoreTracks(editor, tracks)
    chosen.value = new Set()
  }
  return (
    <div class="deleted-list">
      {editor.config.can_edit && (
        <div class="deleted-head">
          <label class="choice">
            <input
              type="checkbox"
              checked={those.length === listed.length}
              indeterminate={those.length > 0 && those.length < listed.length}
              onChange={(event) =>
                (chosen.value = new Set(event.currentTarget.checked ? listed.map(({ id }) => id) : []))
              }
            />
            <span>
              {those.length
                ? t('{count} chosen', { count: those.length })
                : counted(listed.length, '{count} object', '{count} objects')}
            </span>
          </label>
          <span class="spring" />
          <button type="button" class="button" disabled={!those.length} onClick={() => bringBack(those)}>
            {t('Restore chosen')}
          </button>
        </div>
      )}
      <ul aria-label={t('Deleted objects')}>
        {listed.map((track) => (
          <DeletedRow
            key={track.id}
            editor={editor}
            track={track}
            known={known.value.get(track.id) ?? null}
            chosen={chosen.value.has(track.id)}
            onChoose={(on) =>
              (chosen.value = new Set([
                ...[...chosen.value].filter((id) => id !== track.id),
                ...(on ? [track.id] : []),
              ]))
            }
            onRestore={() => bringBack([track.id])}
          />
        ))}
      </ul>
    </div>
  )
}

interface DeletedRowProps {
  readonly editor: Editor
  readonly track: Track
  /** What the server told of it; null: not yet. */
  readonly known: DeletedOut | null
  readonly chosen: boolean
  readonly onChoose: (on: boolean) => void
  readonly onRestore: () => void
}

function DeletedRow({ editor, track, known, chosen, onChoose, onRestore }: DeletedRowProps) {
  const name = nameOf(editor, track)
  return (
    <li class="deleted">
      {editor.config.can_edit && (
        <input
          type="checkbox"
          aria-label={t('Choose {name}', { name })}
          checked={chosen}
          onChange={(event) => onChoose(event.currentTarget.checked)}
        />
      )}
      <Picture editor={editor} known={known} />
      <span class="change-what">
        <span class="change-title">
          <span class="swatch" style={{ background: trackColour(editor.config, track) }} />
          {name}
        </span>
        <span class="change-where">
          {known &&
            (known.shapes
              ? `${framesInWords(known)} · ${counted(known.shapes, '{count} shape', '{count} shapes')}`
              : t('no shapes'))}
        </span>
        <span class="change-who" title={known ? exactly(Date.parse(known.at)) : ''}>
          {known && `${known.by || t('Somebody')} · ${ago(Date.parse(known.at), Date.now())}`}
        </span>
      </span>
      {editor.config.can_edit && (
        <button type="button" class="button" aria-label={t('Restore {name}', { name })} onClick={onRestore}>
          {t('Restore')}
        </button>
      )}
    </li>
  )
}

/** The object as it was first to be seen, cut out of its frame. */
function Picture({ editor, known }: { editor: Editor; known: DeletedOut | null }) {
  const { video } = editor.config
  if (!known || known.frame === null || !known.box) return <span class="deleted-picture" />
  const { left, top, scale } = cut(known.box)
  const style = {
    width: `${video.width * scale}px`,
    height: `${video.height * scale}px`,
    left: `${-left * scale}px`,
    top: `${-top * scale}px`,
  }
  return (
    <span class="deleted-picture">
      <img src={video.frame_url.replace('{frame}', String(known.frame))} alt="" loading="lazy" style={style} />
    </span>
  )
}

/**
 * Which part of a frame shows a box with what surrounds it, on `size` CSS px: its corner in px of the frame, and CSS px
 * per px.
 */
export function cut([x1, y1, x2, y2]: BoxPx, size = THUMB): { left: number; top: number; scale: number } {
  const [width, height] = size
  const around = 1 + 2 * AROUND
  const scale = Math.min(width / Math.max((x2 - x1) * around, 1), height / Math.max((y2 - y1) * around, 1), 2)
  return { left: (x1 + x2) / 2 - width / 2 / scale, top: (y1 + y2) / 2 - height / 2 / scale, scale }
}

const when = (known: DeletedOut | undefined) => (known ? Date.parse(known.at) : Infinity)
