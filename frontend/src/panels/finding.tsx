import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { labelOfClass, type Finder } from '@/editor/following/finding'
import { offered as modelOffered } from '@/editor/following/models'
import { Icon } from './icons'
import { Modal } from './modal'
import { PreviewCounts } from './preview-counts'
import { useTyped } from './typed'

/** Finds objects from this frame on; where no detector is ready it says which to get, and where. */
export function FindButton({ editor }: { editor: Editor }) {
  const { finding, keymap } = editor
  const { finder } = finding
  if (!finder) return <MissingFinder editor={editor} />
  return (
    <button
      type="button"
      class={`button wide ${editor.list.count.value ? '' : 'primary'}`}
      title={t('{finder} finds objects from this frame on, and each is followed ({key})', {
        finder: finder.name,
        key: keymap.shown('run.detect'),
      })}
      onClick={() => editor.perform('run.detect')}
    >
      <Icon name="target" /> {t('Detect and track')}
    </button>
  )
}

function MissingFinder({ editor }: { editor: Editor }) {
  const wanted = editor.config.finders.find((each) => each.default)
  if (!wanted) return null
  return (
    <p class="muted find-missing" title={wanted.why}>
      {t('No detector is ready to find objects. An admin gets {name}, or another one, here:', { name: wanted.name })}{' '}
      <a href={editor.config.urls.networks}>{t('Neural networks')}</a>
    </p>
  )
}

/** What looks for new objects, where, and what becomes of them; folded away, it says the most important. Below it, what
 * would be found on a frame. */
export function FindSettings({ editor }: { editor: Editor }) {
  return (
    <>
      <Settings editor={editor} />
      <Preview editor={editor} />
    </>
  )
}

/** What the detector sees on a frame, counted; the boxes are drawn on the picture. */
function Preview({ editor }: { editor: Editor }) {
  return editor.finding.preview.isOpen.value ? <OpenPreview editor={editor} /> : null
}

function OpenPreview({ editor }: { editor: Editor }) {
  const { preview } = editor.finding
  const section = useRef<HTMLElement>(null)
  const { latest, problem } = editor.store.previews
  const { stage, isFresh } = preview
  const shown = latest.value?.state === 'done' ? latest.value : null
  const here = shown?.frame === editor.session.frame.value
  // It is opened by a key, too, wherever the panels are scrolled to.
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), [shown])
  return (
    <section ref={section} class="find-preview" aria-label={t('Preview of detections')}>
      <header class="row">
        <strong>{shown ? t('Preview of frame {frame}', { frame: shown.frame }) : t('Preview')}</strong>
        {stage && (
          <span class="muted" role="status">
            {stage}
          </span>
        )}
        <span class="spring" />
        {shown && !here && (
          <button type="button" class="button quiet" onClick={() => editor.goTo(shown.frame)}>
            {t('Go there')}
          </button>
        )}
        {!stage && !(here && isFresh) && (
          <button type="button" class="button quiet" onClick={() => preview.look()}>
            {t('Look again')}
          </button>
        )}
        <button type="button" class="button quiet" onClick={() => preview.close()}>
          {stage ? t('Cancel') : t('Close')}
        </button>
      </header>
      {problem.value && (
        <p class="message error" role="alert">
          {problem.value} <a href={editor.config.urls.networks}>{t('Neural networks')}</a>
        </p>
      )}
      {shown && !isFresh && (
        <p class="muted">
          {t('Seen by {finder}, at least {percent} % sure. Look again to see what you have chosen since.', {
            finder: shown.model_name,
            percent: Math.round(100 * shown.least),
          })}
        </p>
      )}
      {shown && (
        <PreviewCounts
          judged={preview.judged}
          more={shown.left_out}
          nameOf={(label) => editor.label(label)?.name ?? ''}
        />
      )}
      {shown && editor.store.queries.shapesAt(shown.frame).length > 0 && (
        <p class="muted">{t('What is annotated there already is not found once more.')}</p>
      )}
    </section>
  )
}

function Settings({ editor }: { editor: Editor }) {
  const { finding, findSettings: settings, config } = editor
  const { finder, association, every } = finding
  const region = finding.region.value
  const labelled = finder ? Object.keys(finding.labels(finder)).length : 0
  const all = finder ? finding.classes(finder).length : 0
  return (
    <details class="find-settings">
      <summary>
        {t('Find new objects')}: {finder ? finder.name : t('no detector')}
        {finder?.by_word && all > 0 && ` (${finding.classes(finder).join(', ')})`}
        {association && ` + ${association.name}`},{' '}
        {settings.whileTracking.value ? t('also while tracking') : t('on request')}
      </summary>
      <div class="fields">
        <label class="field model">
          <span>{t('Detector')}</span>
          <select
            value={finder?.id ?? ''}
            onChange={(event) => (settings.finder.value = event.currentTarget.value || null)}
          >
            {!finder && <option value="">{t('None is ready')}</option>}
            {config.finders.map((each) => (
              <option key={each.id} value={each.id} disabled={!each.available} title={each.why}>
                {offered(each)}
              </option>
            ))}
          </select>
          <MoreDetectors editor={editor} />
        </label>
        <label class="field model">
          <span>{t('Linked by')}</span>
          <select
            value={association?.id ?? ''}
            onChange={(event) => (settings.linked.value = event.currentTarget.value || null)}
          >
            <option value="">{t('The tracker: it follows each')}</option>
            {config.associations.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {finding.carrier && (
          <label class="field model">
            <span>{t('Masks by')}</span>
            <select
              value={finding.carrier.id}
              onChange={(event) => (settings.maskModel.value = event.currentTarget.value)}
            >
              {finding.carriers.map((each) => (
                <option key={each.id} value={each.id} disabled={!each.available} title={each.why}>
                  {modelOffered(each)}
                </option>
              ))}
            </select>
          </label>
        )}
        {finder?.by_word && (
          <label class="field model">
            <span>{t('What to look for')}</span>
            <input
              placeholder={t('traffic cone, person')}
              title={t('Words or short phrases, with commas between them; each becomes a label.')}
              value={settings.words.value}
              onInput={(event) => (settings.words.value = event.currentTarget.value)}
              onKeyDown={(event) => event.key === 'Enter' && finding.preview.look()}
            />
          </label>
        )}
        <NumberField
          label={t('Every … frames')}
          value={every.value}
          least={1}
          most={1000}
          onChange={(value) => (every.value = value)}
        />
        <NumberField
          label={t('Minimum length')}
          title={t('What is followed over fewer frames becomes a candidate, for you to take or dismiss.')}
          value={settings.leastFrames.value}
          least={0}
          most={1_000_000}
          onChange={(value) => (settings.leastFrames.value = value)}
        />
      </div>
      {association?.cost && <p class="warning">{t(association.cost)}</p>}
      {finding.carrier && !finding.carrier.available && (
        <p class="warning">
          {t('{model} isn’t ready: {why} A run waits until a machine has it.', {
            model: finding.carrier.name,
            why: finding.carrier.why,
          })}{' '}
          <a href={config.urls.networks}>{t('Neural networks')}</a>
        </p>
      )}
      {association && (
        <p class="muted">
          {t(association.summary)}{' '}
          {t('Boxes are those of the detector; what you correct is followed by the tracker from there on.')}
        </p>
      )}
      <label class="field slider">
        <span>
          {settings.confidence.value === null
            ? t('Confidence as the detector has it')
            : t('At least {percent} % sure', { percent: Math.round(settings.confidence.value * 100) })}
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={settings.confidence.value ?? finder?.confidence ?? 0.25}
          onInput={({ currentTarget: { valueAsNumber: value } }) =>
            (settings.confidence.value = value === finder?.confidence ? null : value)
          }
        />
      </label>
      <div class="field">
        <span>{t('Where')}</span>
        <span class="row">
          <span class="muted">{region ? t('{width} × {height} px', sizeOf(region)) : t('Whole frame')}</span>
          <button type="button" class="button quiet" onClick={() => editor.useTool('region')}>
            {t('Draw region')}
          </button>
          {region && (
            <button type="button" class="button quiet" onClick={() => (finding.region.value = null)}>
              {t('Whole frame')}
            </button>
          )}
        </span>
      </div>
      {finder && (
        <div class="field">
          <span>{finder.by_word ? t('Labels') : t('What')}</span>
          <span class="row">
            <span class="muted">
              {finder.by_word
                ? t('for {count} of {all} words', { count: labelled, all })
                : t('{count} of {all} classes', { count: labelled, all })}
            </span>
            <button
              type="button"
              class="button quiet"
              disabled={all === 0}
              onClick={() => (finding.mapping.value = 'only')}
            >
              {finder.by_word ? t('Words and labels …') : t('Classes and labels …')}
            </button>
          </span>
        </div>
      )}
      {finder && (
        <button
          type="button"
          class="button wide"
          title={t('Shows what {finder} sees on this frame, and what becomes of it ({key})', {
            finder: finder.name,
            key: editor.keymap.shown('run.preview'),
          })}
          onClick={() => finding.preview.look()}
        >
          {t('Preview on this frame')}
        </button>
      )}
      <label
        class="choice"
        title={t('While boxes that you drew are tracked, the detector looks for others. They never replace yours.')}
      >
        <input
          type="checkbox"
          checked={settings.whileTracking.value}
          onChange={(event) => (settings.whileTracking.value = event.currentTarget.checked)}
        />
        {t('Find new objects while tracking boxes')}
      </label>
    </details>
  )
}

/** Where those are to be had that aren't ready. */
function MoreDetectors({ editor }: { editor: Editor }) {
  const count = editor.config.finders.filter(({ available }) => !available).length
  if (!count) return null
  return (
    <span class="muted">
      {counted(count, 'One more can be got:', '{count} more can be got:')}{' '}
      <a href={editor.config.urls.networks}>{t('Neural networks')}</a>
    </span>
  )
}

function NumberField({
  label,
  title,
  value,
  least,
  most,
  onChange,
}: {
  label: string
  title?: string
  value: number
  least: number
  most: number
  onChange: (value: number) => void
}) {
  const typed = useTyped(String(value), (input) => {
    const given = Math.round(input.valueAsNumber)
    const kept = Number.isFinite(given) ? Math.min(Math.max(given, least), most) : value
    input.value = String(kept)
    onChange(kept)
  })
  return (
    <label class="field" title={title}>
      <span>{label}</span>
      <input {...typed} type="number" min={least} max={most} step={1} />
    </label>
  )
}

/** What each class of the detector becomes in this project. */
export function MappingDialog({ editor }: { editor: Editor }) {
  const { finding } = editor
  const wanted = finding.mapping.value
  const { finder } = finding
  if (!wanted || !finder) return null
  return <Mapping editor={editor} finder={finder} wanted={wanted} />
}

function Mapping({ editor, finder, wanted }: { editor: Editor; finder: Finder; wanted: 'only' | 'then find' }) {
  const { finding } = editor
  const labels = editor.config.labels.filter(({ geometry_kinds: kinds }) => kinds.includes('box'))
  const query = useSignal('')
  const changed = useSignal<Readonly<Record<string, number | null>>>({})
  const said = { ...finding.said.value, ...changed.value }
  const chosen = (name: string) => labelOfClass(name, labels, said)?.id ?? null
  const classes = finding.classes(finder)
  const count = classes.filter((name) => chosen(name) !== null).length
  // Those that have a label come first, as they were when it was opened: nothing moves while one chooses.
  const labelledAtFirst = useRef(new Set(classes.filter((name) => chosen(name) !== null))).current
  const ordered = [
    ...classes.filter((name) => labelledAtFirst.has(name)),
    ...classes.filter((name) => !labelledAtFirst.has(name)),
  ]
  const shown = ordered.filter((name) => name.toLowerCase().includes(query.value.trim().toLowerCase()))
  const close = () => (finding.mapping.value = null)
  return (
    <Modal label={t('Classes and labels')} onClose={close} look="mapping">
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault()
          void finding.say(changed.value)
        }}
      >
        <h2>{t('Which labels do found objects get?')}</h2>
        <p class="muted">
          {labels.length
            ? finder.by_word
              ? t('Choose a label for each word; those without are left out.')
              : t('{finder} knows {count} classes. Choose a label for those that you want; the rest is left out.', {
                  finder: finder.name,
                  count: classes.length,
                })
            : t('No label of this project may be drawn as a box. Allow it on the project’s page first.')}
        </p>
        {!finder.by_word && (
          <input
            type="search"
            placeholder={t('Find a class')}
            aria-label={t('Find a class')}
            value={query.value}
            onInput={(event) => (query.value = event.currentTarget.value)}
          />
        )}
        <ul class="mapping-list">
          {shown.map((name) => (
            <li key={name}>
              <label>
                <span>{name}</span>
                <select
                  value={String(chosen(name) ?? '')}
                  onChange={({ currentTarget }) =>
                    (changed.value = {
                      ...changed.value,
                      [name]: currentTarget.value === '' ? null : Number(currentTarget.value),
                    })
                  }
                >
                  <option value="">{t('Leave out')}</option>
                  {labels.map((label) => (
                    <option key={label.id} value={String(label.id)}>
                      {label.name}
                    </option>
                  ))}
                </select>
              </label>
            </li>
          ))}
        </ul>
        <p class="muted">{t('Remembered for everybody in this project.')}</p>
        <div class="row end">
          <button type="button" class="button" onClick={close}>
            {t('Cancel')}
          </button>
          <button type="submit" class="button primary" disabled={count === 0 && wanted === 'then find'}>
            {wanted === 'then find' ? t('Detect and track') : t('Save')}
          </button>
        </div>
      </form>
    </Modal>
  )
}

const offered = ({ name, available, why, commercial }: Finder) =>
  [commercial ? name : t('{name} (non-commercial)', { name }), available ? '' : why].filter(Boolean).join(' — ')

const sizeOf = ([x1, y1, x2, y2]: readonly [number, number, number, number]) => ({
  width: Math.round(x2 - x1),
  height: Math.round(y2 - y1),
})
