/** How the work in a project goes: figures, charts and tables, over a range of days. */
import { render } from 'preact'
import { counted, t } from '@/core/text'
import { ago, exactly } from '@/core/times'
import type { AnalyticsOut, AnalyticsPage, AnalyticsColumn, AnalyticsTable } from '@/protocol/generated'
import { WhatColumnsAre } from '@/pages/what-columns-are'
import { Analytics, everyDay, lastDays, type Range } from './analytics'
import { Columns, Lines, type Bar } from './bars'
import { elapsed, inWords, worked } from './words'

/** `<section id="analytics-page">` beside `<script id="analytics-data">`, in templates/project_analytics.html. */
export function mountAnalytics(root: HTMLElement): void {
  const page = JSON.parse(document.getElementById('analytics-data')?.textContent ?? '') as AnalyticsPage
  const analytics = new Analytics(page)
  const host = document.createElement('div')
  root.append(host)
  render(<Page analytics={analytics} />, host)
  void analytics.refresh()
}

function Page({ analytics }: { analytics: Analytics }) {
  const shown = analytics.shown.value
  return (
    <>
      <Head analytics={analytics} />
      {analytics.problem.value && (
        <p class="message error" role="alert">
          {analytics.problem.value}
        </p>
      )}
      {shown?.counted_at && <Shown analytics={analytics} shown={shown} />}
    </>
  )
}

const RANGES: readonly (readonly [number, string])[] = [
  [7, 'Last 7 days'],
  [30, 'Last 30 days'],
  [90, 'Last 90 days'],
  [0, 'All time'],
]

function Head({ analytics }: { analytics: Analytics }) {
  const { first, last } = analytics.range.value
  const chosen = RANGES.find(([days]) => sameRange(rangeOf(days), analytics.range.value))
  const choose = (range: Range) => void analytics.choose(range)
  return (
    <div class="line toolbar analytics-head">
      <label>
        {t('Time')}{' '}
        <select
          value={chosen ? String(chosen[0]) : ''}
          onChange={({ currentTarget: { value } }) => value && choose(rangeOf(Number(value)))}
        >
          {RANGES.map(([days, words]) => (
            <option key={days} value={String(days)}>
              {t(words)}
            </option>
          ))}
          {!chosen && <option value="">{t('Chosen days')}</option>}
        </select>
      </label>
      <label>
        {t('From')}{' '}
        <input
          type="date"
          value={first}
          max={last || undefined}
          onChange={({ currentTarget: { value } }) => choose({ first: value, last })}
        />
      </label>
      <label>
        {t('to')}{' '}
        <input
          type="date"
          value={last}
          min={first || undefined}
          onChange={({ currentTarget: { value } }) => choose({ first, last: value })}
        />
      </label>
      <span class="spring" />
      <Standing analytics={analytics} />
    </div>
  )
}

const rangeOf = (days: number): Range => (days ? lastDays(days) : { first: '', last: '' })

const sameRange = (one: Range, other: Range): boolean => one.first === other.first && one.last === other.last

/** How far it is counted, and the button that counts the rest. */
function Standing({ analytics }: { analytics: Analytics }) {
  const { counting, shown } = analytics
  if (counting.value)
    return (
      <span class="line" role="status">
        {t('Counting what is new …')}
        <progress max={1} value={counting.value.progress} aria-label={t('What is counted')} />
      </span>
    )
  const when = shown.value?.counted_at ? Date.parse(shown.value.counted_at) : null
  return (
    <span class="line" role="status">
      {when !== null && (
        <span class="muted" title={exactly(when)}>
          {t('Counted {when}', { when: ago(when, Date.now()) })}
        </span>
      )}
      <button type="button" class="button small" onClick={() => void analytics.count()}>
        {t('Count again')}
      </button>
    </span>
  )
}

function Shown({ analytics, shown }: { analytics: Analytics; shown: AnalyticsOut }) {
  const { totals } = shown
  if (shown.tables.every(({ id, rows }) => id === 'labels' || rows.length === 0))
    return <p class="empty">{t('Nothing was done in this time.')}</p>
  return (
    <>
      {!shown.everybody && <p class="muted">{t('This is your own work. Managers see everybody’s.')}</p>}
      <dl class="figures">
        <Figure name={t('Active time')} said={inWords(totals['active'], 'seconds')} />
        <Figure name={t('Objects per hour')} said={inWords(totals['objects_per_hour'], 'rate')} />
        <Figure name={t('Frames per hour')} said={inWords(totals['frames_per_hour'], 'rate')} />
        <Figure name={t('Shapes by models')} said={inWords(totals['model_share'], 'share')} />
        <Figure name={t('Corrections per 100 frames')} said={inWords(totals['per_hundred'], 'rate')} />
        <Figure name={t('Accepted by reviewers')} said={inWords(totals['acceptance'], 'share')} />
        <Figure name={t('From submitted to reviewed')} said={inWords(totals['until_decided'], 'elapsed')} />
      </dl>
      <p class="muted analytics-rule">
        {t(
          'Active time is from changes and from moving through a video in the editor. A pause of more than 5 minutes is left out as a whole; two pages at once count once. Days are those of {zone}. What was deleted with its video isn’t counted.',
          { zone: analytics.zone },
        )}
      </p>
      {shown.unknown.length > 0 && (
        <ul class="message warning analytics-unknown">
          {shown.unknown.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {shown.tables.map((table) => (
        <TableSection key={table.id} analytics={analytics} table={table} />
      ))}
    </>
  )
}

function Figure({ name, said }: { name: string; said: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{said}</dd>
    </div>
  )
}

function TableSection({ analytics, table }: { analytics: Analytics; table: AnalyticsTable }) {
  const heading = `analytics-${table.id}`
  return (
    <section class="analytics-table" aria-labelledby={heading}>
      <header class="line">
        <h2 id={heading}>{t(table.title)}</h2>
        <span class="spring" />
        {table.rows.length > 0 && (
          <a
            class="button small"
            href={analytics.csvOf(table)}
            download
            aria-label={t('{title} as CSV', { title: table.title })}
          >
            {t('CSV')}
          </a>
        )}
      </header>
      {table.rows.length === 0 ? (
        <p class="muted">{t('Nothing in this time.')}</p>
      ) : (
        <>
          <ChartOf table={table} />
          <Numbers table={table} heading={heading} />
        </>
      )}
      {table.left_out > 0 && (
        <p class="hint">
          {counted(table.left_out, '{count} further row isn’t listed.', '{count} further rows aren’t listed.')}
        </p>
      )}
    </section>
  )
}

function ChartOf({ table }: { table: AnalyticsTable }) {
  if (table.id === 'days') {
    const active = new Map(column(table, 'active').map(([day, seconds]) => [day, seconds]))
    const bars = everyDay([...active.keys()]).map((day) => bar(day, active.get(day) ?? 0, worked))
    const sum = [...active.values()].reduce<number>((all, seconds) => all + (seconds ?? 0), 0)
    const said = t('{sum}, at most {most} a day', {
      sum: worked(sum),
      most: worked(Math.max(0, ...bars.map(({ value }) => value ?? 0))),
    })
    return <Columns name={t('Active time by day')} said={said} bars={bars} />
  }
  if (table.id === 'reviews' || table.id === 'reviewers') {
    const bars = column(table, 'whole').map(([person, seconds]) => bar(person, seconds, elapsed))
    return <Lines name={t('From being submitted until decided, median')} bars={bars} />
  }
  if (table.id !== 'models') return null
  const bars = column(table, 'per_hundred').map(([model, rate]) => bar(model, rate, (value) => inWords(value, 'rate')))
  return <Lines name={t('Corrections per 100 frames: the fewer, the less a model costs people')} bars={bars} />
}

const bar = (name: string, value: number | null, words: (value: number) => string): Bar => ({
  name,
  value,
  said: value === null ? t('not known') : words(value),
})

/** (first cell, number) of each row. */
function column(table: AnalyticsTable, id: string): readonly (readonly [string, number | null])[] {
  const at = table.columns.findIndex((each) => each.id === id)
  return table.rows.map(({ cells }) => {
    const cell = cells[at]
    return [String(cells[0]), typeof cell === 'number' ? cell : null]
  })
}

function Numbers({ table, heading }: { table: AnalyticsTable; heading: string }) {
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby={heading}>
        <table>
          <thead>
            <tr>
              {table.columns.map((each) => (
                <th key={each.id} scope="col" class={isNumber(each) ? 'number' : ''} title={each.says || undefined}>
                  {t(each.title)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map(({ cells, href }, index) => (
              <tr key={index}>
                {table.columns.map((each, at) =>
                  at === 0 ? (
                    <th key={each.id} scope="row" class="long">
                      {href ? <a href={href}>{cells[0]}</a> : cells[0]}
                    </th>
                  ) : (
                    <td key={each.id} class={isNumber(each) ? 'number' : ''}>
                      {inWords(cells[at], each.unit)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <WhatColumnsAre columns={table.columns} />
    </>
  )
}

const isNumber = ({ unit }: AnalyticsColumn): boolean => unit !== 'text' && unit !== 'day'
