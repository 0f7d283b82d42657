import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { LayerOut } from '@/protocol/generated'
import type { MadeKind } from '@/store/layers'
import { attempt } from './attempt'
import { IconButton } from './buttons'
import { Icon } from './icons'
import { MenuButton } from './menu-button'
import { TakeOverDialog } from './take-over-dialog'

export const KINDS: Record<LayerOut['kind'], string> = {
  main: 'Main',
  ground_truth: 'Ground truth',
  replica: 'Replica',
  model: 'Model output',
}

const open = signal(false)
/** The layer whose tracks are about to be taken over. */
const source = signal<LayerOut | null>(null)

/** Which layer of the video is shown, and the others: to look at, to make, rename, delete, and to take tracks of. */
export function LayerMenu({ editor }: { editor: Editor }) {
  const { name } = editor.config.layer
  return (
    <>
      <MenuButton open={open} icon="layers" text={name} label={t('Layers')} title={t('Layer: {name}', { name })}>
        <Panel editor={editor} />
      </MenuButton>
      {source.value && <TakeOverDialog editor={editor} source={source.value} onClose={() => (source.value = null)} />}
    </>
  )
}

/** Where the editor shows a layer, on the frame that one looks at. */
export function addressOf(editor: Editor, layer: number): string {
  return `${location.pathname}?layer=${layer}&frame=${editor.session.frame.value}`
}

function Panel({ editor }: { editor: Editor }) {
  const { layers } = editor.store
  useEffect(() => void attempt(editor, () => layers.load()), [])
  return (
    <div class="menu-panel layers" role="dialog" aria-label={t('Layers of this video')}>
      <h2>{t('Layers of this video')}</h2>
      {layers.all.value ? (
        <ul>
          {layers.all.value.map((layer) => (
            <LayerRow key={layer.id} editor={editor} layer={layer} />
          ))}
        </ul>
      ) : (
        <p class="muted">{t('Looking …')}</p>
      )}
      {(layers.all.value?.length ?? 0) > 1 && (
        <a
          class="layers-compare"
          href={`/videos/${editor.config.video.id}/compare/?compared=${editor.config.layer.id}`}
        >
          {t('Compare any two of them …')}
        </a>
      )}
      {layers.mayMake.value.length > 0 && <NewLayer editor={editor} kinds={layers.mayMake.value} />}
    </div>
  )
}

function LayerRow({ editor, layer }: { editor: Editor; layer: LayerOut }) {
  const renaming = useSignal(false)
  const here = layer.id === editor.config.layer.id
  if (renaming.value) return <Rename editor={editor} layer={layer} onClose={() => (renaming.value = false)} />
  const { name, owner } = layer
  const whose = layer.kind === 'replica' && owner ? t('Replica of {owner}', { owner }) : t(KINDS[layer.kind])
  return (
    <li class={here ? 'layer shown' : 'layer'} data-layer={layer.id}>
      <a
        class="layer-name"
        href={addressOf(editor, layer.id)}
        aria-current={here ? 'true' : undefined}
        title={here ? t('This layer is shown') : t('Show “{name}”', { name })}
      >
        <span>{name}</span>
        <small>
          {whose} · {counted(layer.tracks, '{count} track', '{count} tracks')}
        </small>
      </a>
      {!here && (
        <IconButton
          icon="compare"
          label={t('Compare with “{name}”', { name })}
          onClick={() => {
            open.value = false
            void editor.store.comparing.start(layer, editor.session.frame.value)
          }}
        />
      )}
      {!here && editor.config.can_edit && layer.tracks > 0 && (
        <IconButton
          icon="takeOver"
          label={t('Take tracks of “{name}” over …', { name })}
          onClick={() => {
            open.value = false
            source.value = layer
          }}
        />
      )}
      {layer.may_rename && (
        <IconButton icon="pencil" label={t('Rename “{name}”', { name })} onClick={() => (renaming.value = true)} />
      )}
      {layer.may_delete && (
        <IconButton icon="trash" label={t('Delete “{name}” …', { name })} onClick={() => askToDelete(editor, layer)} />
      )}
    </li>
  )
}

function Rename({ editor, layer, onClose }: { editor: Editor; layer: LayerOut; onClose: () => void }) {
  const name = useSignal(layer.name)
  const save = async () => {
    if (
      name.value.trim() === layer.name ||
      (await attempt(editor, () => editor.store.layers.rename(layer.id, name.value)))
    )
      onClose()
  }
  return (
    <li class="layer">
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <input
          aria-label={t('Name of the layer')}
          value={name.value}
          maxLength={120}
          required
          ref={(input) => input?.focus()}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
        <button type="submit" class="button primary">
          {t('Rename')}
        </button>
        <button type="button" class="button quiet" onClick={onClose}>
          {t('Cancel')}
        </button>
      </form>
    </li>
  )
}

function askToDelete(editor: Editor, layer: LayerOut): void {
  open.value = false
  const { name, tracks, shapes, jobs, runs, issues } = layer
  const also = [
    jobs && counted(jobs, '{count} job goes with it.', '{count} jobs go with it.'),
    issues && counted(issues, '{count} issue goes with it.', '{count} issues go with it.'),
    runs && counted(runs, '{count} run under way in it ends.', '{count} runs under way in it end.'),
  ].filter(Boolean)
  editor.question.value = {
    title: t('Delete the layer “{name}”?', { name }),
    text: [
      t('It has {tracks} with {shapes}, which are deleted with its history. This can’t be undone.', {
        tracks: counted(tracks, '{count} track', '{count} tracks'),
        shapes: counted(shapes, '{count} stored shape', '{count} stored shapes'),
      }),
      ...also,
    ].join(' '),
    confirm: t('Delete the layer'),
    onConfirm: () => void remove(editor, layer),
  }
}

async function remove(editor: Editor, layer: LayerOut): Promise<void> {
  const gone = await attempt(editor, () => editor.store.layers.remove(layer))
  if (!gone) return
  // What this page shows is no more: it goes on with the main layer.
  if (layer.id === editor.config.layer.id) location.assign(location.pathname)
  else editor.session.tell(t('Deleted the layer “{name}”.', { name: layer.name }))
}

function NewLayer({ editor, kinds }: { editor: Editor; kinds: readonly MadeKind[] }) {
  const name = useSignal('')
  const kind = useSignal(kinds[0]!)
  const make = async () => {
    if (await attempt(editor, () => editor.store.layers.make(name.value, kind.value))) name.value = ''
  }
  return (
    <form
      class="new-layer"
      onSubmit={(event) => {
        event.preventDefault()
        void make()
      }}
    >
      <LayerFields
        name={name.value}
        kind={kind.value}
        kinds={kinds}
        onName={(to) => (name.value = to)}
        onKind={(to) => (kind.value = to)}
      />
      <button type="submit" class="button">
        <Icon name="plus" /> {t('New layer')}
      </button>
    </form>
  )
}

interface LayerFieldsProps {
  readonly name: string
  readonly kind: MadeKind
  readonly kinds: readonly MadeKind[]
  readonly onName: (name: string) => void
  readonly onKind: (kind: MadeKind) => void
}

/** What a new layer is called, and what it is. */
export function LayerFields({ name, kind, kinds, onName, onKind }: LayerFieldsProps) {
  return (
    <>
      <input
        aria-label={t('Name of the new layer')}
        placeholder={t('Name, e.g. ground truth')}
        value={name}
        maxLength={120}
        required
        onInput={(event) => onName(event.currentTarget.value)}
      />
      <select
        aria-label={t('Kind of the new layer')}
        value={kind}
        onChange={(event) => onKind(event.currentTarget.value as MadeKind)}
      >
        {kinds.map((each) => (
          <option key={each} value={each}>
            {t(KINDS[each])}
          </option>
        ))}
      </select>
    </>
  )
}
