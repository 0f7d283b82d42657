import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { conditionsOf, SORT_KEYS, type Content, type SortKey } from '@/editor/lists/track-filter'
import type { Standing } from '@/store/verdicts'
import { Popover } from './popover'

const SORTS: Record<SortKey, string> = {
  number: 'Number',
  label: 'Label',
  first: 'First frame',
  length: 'Length',
  confidence: 'Lowest confidence',
}
const CONTENTS: Record<Content, string> = {
  keyframes: 'Keyframes only',
  predicted: 'Predicted',
  doubtful: 'Doubtful',
  running: 'Being tracked',
}
const VERDICTS: Record<Standing, string> = {
  none: 'Not reviewed',
  check: 'To be checked',
  rejected: 'Rejected',
  accepted: 'Accepted',
}

/** What the list, and the timeline with it, shows and in which order. */
export function ObjectFilter({
  editor,
  id = 'object-filter',
  title = t('Filter and order'),
}: {
  editor: Editor
  id?: string
  title?: string
}) {
  const { list } = editor
  const count = conditionsOf(list.filter.value)
  const label = count ? t('{title} ({count} set)', { title, count }) : title
  return (
    <Popover id={id} icon="filter" label={label} pressed={count > 0}>
      {() => <FilterForm editor={editor} />}
    </Popover>
  )
}

function FilterForm({ editor }: { editor: Editor }) {
  const { list } = editor
  const filter = list.filter.value
  const { by, descending } = list.order.value
  const all = [...editor.store.records.tracks.value.values()].filter((track) => !track.deleted)
  const sources = [...new Set(all.map(({ source }) => source))].sort()
  return (
    <div class="filter-form">
      <div class="row">
        <label class="field grow">
          <span>{t('Order')}</span>
          <select
            value={by}
            onChange={(event) => (list.order.value = { by: event.currentTarget.value as SortKey, descending })}
          >
            {SORT_KEYS.map((key) => (
              <option key={key} value={key}>
                {t(SORTS[key])}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="button"
          aria-pressed={descending}
          onClick={() => (list.order.value = { by, descending: !descending })}
        >
          {descending ? t('Falling') : t('Rising')}
        </button>
      </div>
      <Choices
        title={t('Labels')}
        options={editor.config.labels.map(({ id, name, colour }) => ({
          value: id,
          name,
          colour,
          count: all.filter((track) => track.label === id).length,
        }))}
        chosen={filter.labels}
        onChange={(labels) => list.narrow({ labels })}
      />
      <Choices
        title={t('Holds')}
        options={options(CONTENTS)}
        chosen={filter.contents}
        onChange={(contents) => list.narrow({ contents })}
      />
      <Choices
        title={t('Review')}
        options={options(VERDICTS)}
        chosen={filter.verdicts}
        onChange={(verdicts) => list.narrow({ verdicts })}
      />
      {sources.length > 1 && (
        <Choices
          title={t('Made by')}
          options={sources.map((value) => ({ value, name: value }))}
          chosen={filter.sources}
          onChange={(chosen) => list.narrow({ sources: chosen })}
        />
      )}
      <fieldset>
        <legend>{t('Seen')}</legend>
        <label class="choice">
          <input type="checkbox" checked={filter.here} onChange={() => list.narrow({ here: !filter.here })} />
          {t('On this frame')}
        </label>
        <label class="choice">
          <input type="checkbox" checked={filter.visible} onChange={() => list.narrow({ visible: !filter.visible })} />
          {t('Not hidden')}
        </label>
      </fieldset>
      <button type="button" class="button" disabled={!conditionsOf(filter)} onClick={() => list.clear()}>
        {t('Show everything')}
      </button>
    </div>
  )
}

interface Option<Value> {
  readonly value: Value
  readonly name: string
  readonly colour?: string
  readonly count?: number
}

const options = <Value extends string>(names: Record<Value, string>): Option<Value>[] =>
  (Object.entries(names) as [Value, string][]).map(([value, name]) => ({ value, name: t(name) }))

interface ChoicesProps<Value> {
  readonly title: string
  readonly options: readonly Option<Value>[]
  readonly chosen: ReadonlySet<Value>
  readonly onChange: (chosen: ReadonlySet<Value>) => void
}

function Choices<Value extends string | number>({ title, options, chosen, onChange }: ChoicesProps<Value>) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {options.map(({ value, name, colour, count }) => (
        <label key={value} class="choice">
          <input type="checkbox" checked={chosen.has(value)} onChange={() => onChange(toggled(chosen, value))} />
          {colour && <span class="swatch" style={{ background: colour }} />}
          <span class="grow">{name}</span>
          {count !== undefined && <span class="count">{count}</span>}
        </label>
      ))}
    </fieldset>
  )
}

function toggled<Value>(chosen: ReadonlySet<Value>, value: Value): ReadonlySet<Value> {
  const next = new Set(chosen)
  if (!next.delete(value)) next.add(value)
  return next
}
