/** The log of a machine, for who manages it: its last lines, by level and words, and as a file. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { LogLineOut, MachineOut } from '@/protocol/generated'
import type { Networks } from './networks'

const EVERY_MS = 3000
const MOST_LINES = 2000

export type Level = LogLineOut['level']
const LEVELS: readonly Level[] = ['info', 'warning', 'error']

export function MachineLog({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  const open = useSignal(false)
  return (
    <details
      class="machine-log"
      onToggle={(event) => {
        open.value = event.currentTarget.open
      }}
    >
      <summary>{t('Log')}</summary>
      {open.value && <Lines networks={networks} machine={machine} />}
    </details>
  )
}

function Lines({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  const lines = useSignal<readonly LogLineOut[] | null>(null)
  const lost = useSignal(0)
  const problem = useSignal('')
  const least = useSignal<Level>('info')
  const words = useSignal('')
  const list = useRef<HTMLPreElement>(null)
  useEffect(() => {
    let ended = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async () => {
      const known = lines.value ?? []
      try {
        const told = await networks.log(machine.id, known.at(-1)?.number ?? 0)
        if (ended) return
        if (told) {
          lost.value += told.lost
          lines.value = joined(known, told.lines)
        }
        problem.value = told ? '' : t('It has not answered yet.')
      } catch (error) {
        problem.value = error instanceof Error ? error.message : String(error)
      }
      if (!ended) timer = setTimeout(() => void look(), EVERY_MS)
    }
    void look()
    return () => {
      ended = true
      clearTimeout(timer)
    }
  }, [])
  const shown = matching(lines.value ?? [], least.value, words.value)
  useEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [shown.length])
  return (
    <>
      <div class="log-bar">
        <select
          aria-label={t('Least level')}
          value={least.value}
          onChange={({ currentTarget }) => {
            least.value = currentTarget.value as Level
          }}
        >
          <option value="info">{t('Everything')}</option>
          <option value="warning">{t('Warnings and errors')}</option>
          <option value="error">{t('Errors')}</option>
        </select>
        <input
          type="search"
          aria-label={t('Lines with')}
          placeholder={t('Lines with …')}
          value={words.value}
          onInput={({ currentTarget }) => {
            words.value = currentTarget.value
          }}
        />
        <button
          type="button"
          class="button small"
          disabled={!lines.value?.length}
          onClick={() => save(machine.name, lines.value ?? [])}
        >
          {t('Download')}
        </button>
      </div>
      {problem.value && (
        <p class="muted" role="status">
          {problem.value}
        </p>
      )}
      {lines.value && (
        <pre ref={list} tabIndex={0} aria-label={t('Log of {name}', { name: machine.name })}>
          {shown.map((line) => (
            <span key={line.number} class={`log-${line.level}`}>
              {written(line)}
              {'\n'}
            </span>
          ))}
        </pre>
      )}
      {lines.value && (
        <p class="muted">
          {t('{shown} of {all} lines', { shown: shown.length, all: lines.value.length })}
          {lost.value > 0 &&
            ` · ${counted(lost.value, '{count} older one is kept no more', '{count} older ones are kept no more')}`}
        </p>
      )}
    </>
  )
}

/** The lines of before and the new ones; those of a program that was started again count from 1, and replace them. Pure. */
export function joined(before: readonly LogLineOut[], more: readonly LogLineOut[]): readonly LogLineOut[] {
  const last = before.at(-1)?.number ?? 0
  const first = more[0]?.number
  if (first === undefined) return before
  return (first > last ? [...before, ...more] : more).slice(-MOST_LINES)
}

/** Those of a level or graver, with some words in them, whatever their case. Pure. */
export function matching(lines: readonly LogLineOut[], least: Level, words: string): readonly LogLineOut[] {
  const wanted = words.trim().toLowerCase()
  const from = LEVELS.indexOf(least)
  return lines.filter(({ level, text }) => LEVELS.indexOf(level) >= from && text.toLowerCase().includes(wanted))
}

/** e.g. "2026-11-28 09:00:00 WARNING framewise.agent: …". Pure. */
export function written({ at, level, text }: LogLineOut): string {
  return `${new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')} ${level.toUpperCase()} ${text}`
}

function save(name: string, lines: readonly LogLineOut[]): void {
  const url = URL.createObjectURL(new Blob([`${lines.map(written).join('\n')}\n`], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `${name}.log`
  link.click()
  URL.revokeObjectURL(url)
}
