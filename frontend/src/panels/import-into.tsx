import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { MadeKind } from '@/store/layers'
import { LayerFields } from './layer-menu'

/** Where an import goes: `name` null: into the layer that is shown, else into a new one. */
export interface Into {
  readonly name: string | null
  readonly kind: MadeKind
}

export const InThis: Into = { name: null, kind: 'ground_truth' }

/** Into which layer a file is imported. */
export function IntoLayer({ editor, into, onChange }: { editor: Editor; into: Into; onChange: (into: Into) => void }) {
  const { config, store } = editor
  const kinds = store.layers.mayMake.value
  const kind = kinds.includes(into.kind) ? into.kind : kinds[0]
  if (!kind) return null
  const isNew = into.name !== null || !config.can_edit
  return (
    <fieldset class="import-into">
      <legend>{t('Import into')}</legend>
      {config.can_edit && (
        <label class="choice">
          <input type="radio" name="into" checked={!isNew} onChange={() => onChange(InThis)} />
          {t('“{name}”, which is shown', { name: config.layer.name })}
        </label>
      )}
      <label class="choice">
        <input
          type="radio"
          name="into"
          checked={isNew}
          onChange={() => onChange({ name: kind === 'ground_truth' ? t('ground truth') : '', kind })}
        />
        {t('A new layer')}
      </label>
      {isNew && (
        <div class="row">
          <LayerFields
            name={into.name ?? ''}
            kind={kind}
            kinds={kinds}
            onName={(name) => onChange({ name, kind })}
            onKind={(next) => onChange({ name: into.name ?? '', kind: next })}
          />
        </div>
      )}
    </fieldset>
  )
}

/** Say in what is sent to begin an import where it goes. */
export function intoLayer(form: FormData, { name, kind }: Into): FormData {
  if (name !== null) {
    form.set('new_layer', name)
    form.set('new_kind', kind)
  }
  return form
}
