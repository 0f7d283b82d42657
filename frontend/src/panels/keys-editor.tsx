/** Giving commands other keys: press-to-record, reset, presets, and the whole map as a file. */
import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { choiceOf, isModifier, type Choice } from '@/editor/keys/choice'
import { PRESETS, isPreset } from '@/editor/keys/presets'
import type { Keymap } from '@/editor/keys/keymap'
import { Icon } from './icons'

interface Told {
  readonly text: string
  /** Takes back what was told of. */
  readonly undo?: () => void
}

/** Which keys everything begins from, and the map as a file. */
export function KeymapBar({ keymap }: { keymap: Keymap }) {
  const told = useSignal<Told | null>(null)
  const preset = keymap.preset.value
  const count = Object.keys(keymap.own.value).length
  const change = (text: string, work: () => void) => {
    const before = keymap.toJSON()
    work()
    told.value = { text, undo: () => keymap.restore(before) }
  }
  const load = async (file: File) => {
    const stored = parsed(await file.text())
    if (!keymap.accepts(stored))
      told.value = { text: t('{file} holds no keys. Choose a file that was exported here.', { file: file.name }) }
    else change(t('The keys of {file} hold now.', { file: file.name }), () => keymap.restore(stored))
  }
  return (
    <div class="keymap-bar">
      <label class="row">
        <span>{t('Keys as in')}</span>
        <select
          value={preset}
          onChange={({ currentTarget: { value } }) => {
            if (isPreset(value))
              change(
                t(count ? 'Keys as in {preset} hold now; your own stay.' : 'Keys as in {preset} hold now.', {
                  preset: PRESETS[value].label,
                }),
                () => (keymap.preset.value = value),
              )
          }}
        >
          {Object.entries(PRESETS).map(([id, { label }]) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <p class="muted">{t(PRESETS[preset].help)}</p>
      <span class="row">
        <button
          type="button"
          class="button"
          disabled={!count}
          onClick={() => change(t('None of your own keys is left.'), () => keymap.reset())}
        >
          {t('Reset all')}
        </button>
        <label class="button file">
          {t('Import')}
          <input
            type="file"
            accept=".json,application/json"
            aria-label={t('Import keys from a file')}
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? []
              if (file) void load(file)
              currentTarget.value = ''
            }}
          />
        </label>
        <a
          class="button"
          download="framewise-keys.json"
          href={`data:application/json,${encodeURIComponent(JSON.stringify(keymap, null, 2))}`}
        >
          {t('Export')}
        </a>
      </span>
      <p class="keymap-told" role="status">
        {told.value?.text}
        {told.value?.undo && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              told.value?.undo?.()
              told.value = null
            }}
          >
            {t('Undo')}
          </button>
        )}
      </p>
    </div>
  )
}

/** One command with its keys, each of which can go, and a place for another. */
export function KeyRow({
  editor,
  command: { id, label, help, scope },
  recording,
}: {
  editor: Editor
  command: Command
  recording: Signal<string | null>
}) {
  const { keymap } = editor
  const choice = useSignal<Choice | null>(null)
  const name = t(label)
  const keys = keymap.keysOf(id)
  const waiting = recording.value === id
  const add = useRef<HTMLButtonElement>(null)
  const settle = () => {
    choice.value = null
    add.current?.focus()
  }
  const take = (key: string) => {
    keymap.assign(id, [...keys, key])
    settle()
  }
  const hear = (event: KeyboardEvent) => {
    const [key] = keymap.readings(event)
    if (key === undefined || isModifier(event.key)) return
    event.preventDefault()
    event.stopPropagation()
    recording.value = null
    if (event.key === 'Escape') return
    const heard = choiceOf(keymap, id, key, editor.config.labels)
    if (heard.kind === 'free') take(heard.key)
    else choice.value = heard.kind === 'had' ? null : heard
  }
  return (
    <li class="key-row">
      <div>
        {name}
        <small class="muted">
          {t(help)} {scope && t('Holds only while drawing.')}
        </small>
      </div>
      <div class="key-row-keys">
        {keys.map((key) => (
          <kbd key={key}>
            {keymap.print(key)}
            <button
              type="button"
              title={t('Remove')}
              aria-label={t('Remove {key} from {name}', { key: keymap.print(key), name })}
              onClick={() =>
                keymap.assign(
                  id,
                  keys.filter((other) => other !== key),
                )
              }
            >
              <Icon name="close" />
            </button>
          </kbd>
        ))}
        <button
          ref={add}
          type="button"
          class={`button small ${waiting ? 'recording' : ''}`}
          aria-label={t(waiting ? 'Press a key … for {name}; Escape ends it' : 'Add key for {name}', { name })}
          onClick={() => {
            choice.value = null
            recording.value = waiting ? null : id
          }}
          onKeyDown={waiting ? hear : undefined}
          onBlur={() => {
            if (waiting) recording.value = null
          }}
        >
          {t(waiting ? 'Press a key …' : 'Add key')}
        </button>
        <button
          type="button"
          class="icon-button"
          title={t('Reset')}
          aria-label={t('Reset the keys of {name}', { name })}
          disabled={!keymap.isOwn(id)}
          onClick={() => keymap.reset(id)}
        >
          <Icon name="undo" />
        </button>
      </div>
      {choice.value && <Refusal keymap={keymap} choice={choice.value} onTake={take} onLeave={settle} />}
    </li>
  )
}

interface RefusalProps {
  readonly keymap: Keymap
  readonly choice: Choice
  readonly onTake: (key: string) => void
  readonly onLeave: () => void
}

/** Why a key was not given at once, and what can be done. */
function Refusal({ keymap, choice, onTake, onLeave }: RefusalProps) {
  const first = useRef<HTMLButtonElement>(null)
  const final = choice.kind === 'reserved'
  useEffect(() => first.current?.focus(), [])
  return (
    <div class="key-refusal" role="alert">
      {whyNot(keymap, choice)}
      <span class="spring" />
      {!final && (
        <button ref={first} type="button" class="button small" onClick={() => onTake(choice.key)}>
          {t('Take it')}
        </button>
      )}
      <button ref={final ? first : null} type="button" class="button small quiet" onClick={onLeave}>
        {t(final ? 'OK' : 'Leave it')}
      </button>
    </div>
  )
}

function whyNot(keymap: Keymap, choice: Choice): string {
  const key = keymap.print(choice.key)
  if (choice.kind === 'taken') return t('{key} belongs to “{name}”.', { key, name: t(choice.holder.label) })
  if (choice.kind === 'label')
    return t('{key} chooses the label “{name}” in this project. The action would come first.', {
      key,
      name: choice.label.name,
    })
  return t('Your browser keeps {key} for itself. Add another key.', { key })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
