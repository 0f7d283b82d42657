import { useSignal } from '@preact/signals'
import { sizeOf } from '@/core/sizes'
import { counted, t } from '@/core/text'
import { ago } from '@/core/times'
import { useTyped } from '@/panels/typed'
import type { DeviceOut, MachineOut, MachineRunOut } from '@/protocol/generated'
import { Chart } from './chart'
import { isOpen, type Networks } from './networks'
import { DownloadLine } from './download'
import { MachineLog } from './log'
import { Memory } from './memory'

export function Machines({ networks }: { networks: Networks }) {
  const { machines, waiting } = networks.now.value
  return (
    <div class="machines">
      {machines.map((machine) => (
        <Machine key={machine.id} networks={networks} machine={machine} />
      ))}
      {!machines.length && (
        <p class="empty">
          {networks.page.may_admin
            ? t('No machine is connected. Name one below, and run the command that appears on it.')
            : t('No machine is connected. An admin can connect one.')}
        </p>
      )}
      {waiting > 0 && (
        <p class="muted machines-waiting" role="status">
          {counted(waiting, '{count} run waits for a machine.', '{count} runs wait for a machine.')}
        </p>
      )}
      <Limit networks={networks} />
    </div>
  )
}

function Machine({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  const coming = machine.downloads.filter(isOpen)
  return (
    <article class="card machine" data-state={machine.state} aria-label={machine.name}>
      <header>
        <div class="machine-name">
          <h3>{machine.name}</h3>
          <p class="muted">{factsOf(machine)}</p>
        </div>
        <State machine={machine} />
        {machine.may_manage && !machine.shared && (
          <form
            method="post"
            action={`/machines/${machine.id}/end/`}
            data-confirm={t('Disconnect {name}? Its token ends; what it is doing goes to another machine.', {
              name: machine.name,
            })}
          >
            <input type="hidden" name="csrfmiddlewaretoken" value={networks.page.csrf_token} />
            <button class="button quiet small danger">{t('Disconnect')}</button>
          </form>
        )}
      </header>
      {machine.rival && (
        <p class="error" role="alert">
          {t(
            'Another agent, on {rival}, has the same token and isn’t let in while this one is there. Give it one of its own: connect it as a machine.',
            { rival: machine.rival },
          )}
        </p>
      )}
      <Amiss machine={machine} />
      {(machine.may_manage || machine.resting) && <Maintenance networks={networks} machine={machine} />}
      {machine.state === 'connected' ? (
        <>
          {machine.devices.map((device, index) => (
            <Device key={index} device={device} at={machine.at} seconds={networks.now.value.kept_s} />
          ))}
          <Runs machine={machine} />
          <Own networks={networks} machine={machine} />
          <Memory networks={networks} machine={machine} />
          {machine.may_manage && <MachineLog networks={networks} machine={machine} />}
          {coming.length > 0 && (
            <ul class="machine-downloads" aria-label={t('Weights on their way to {name}', { name: machine.name })}>
              {coming.map((each) => (
                <li key={each.model}>
                  <DownloadLine networks={networks} machine={machine} download={each} named />
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <p class="muted">
          {machine.state === 'new'
            ? t(
                'It has never connected. Run its command on it; the token was shown once, connect it anew if it is lost.',
              )
            : t('It is away. What it was doing goes to another machine, and it goes on as soon as it is back.')}
        </p>
      )}
    </article>
  )
}

/** How many runs of the workspace are under way at once; a field for whoever runs the installation. */
function Limit({ networks }: { networks: Networks }) {
  const { runs_at_once: limit, may_limit: may } = networks.now.value
  const problem = useSignal('')
  const typed = useTyped(String(limit ?? ''), (input) => {
    const count = Math.round(input.valueAsNumber)
    void networks.limit(count >= 1 ? count : null).then((why) => {
      problem.value = why
    })
  })
  if (!may)
    return limit === null ? null : (
      <p class="muted machines-waiting">
        {counted(
          limit,
          'This workspace has {count} run at once at most.',
          'This workspace has {count} runs at once at most.',
        )}
      </p>
    )
  return (
    <div class="machines-waiting">
      <label>
        {t('Runs of this workspace at once:')}{' '}
        <input {...typed} type="number" class="machines-limit" min={1} max={1000} placeholder={t('any number')} />
      </label>
      {problem.value && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  )
}

/** What a machine lacks, by name and with its mend. */
function Amiss({ machine }: { machine: MachineOut }) {
  const { checks, outdated, shared } = machine
  if (!checks.length && (!outdated || shared)) return null
  return (
    <ul class="machine-checks" aria-label={t('What is amiss with {name}', { name: machine.name })}>
      {checks.map((check) => (
        <li key={check.name}>
          <span class={check.state === 'failed' ? 'badge returned' : 'badge plain'}>{check.name}</span> {check.said}{' '}
          {check.mend && <span class="muted">{check.mend}</span>}
        </li>
      ))}
      {outdated && !shared && (
        <li>
          <span class="badge plain">{t('Version')}</span> {t('Its agent is of another version than this server.')}{' '}
          <span class="muted">{t('Run the command under “Update or mend a machine” on it.')}</span>
        </li>
      )}
    </ul>
  )
}

/** Detectors that this machine alone has, and why one of them can't be used. */
function Own({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  if (!machine.own.length) return null
  return (
    <section class="machine-own">
      <h4 id={`own-${machine.id}`}>{t('Its own detectors')}</h4>
      <ul aria-labelledby={`own-${machine.id}`}>
        {machine.own.map((own) => (
          <li key={own.name}>
            <strong>{own.name}</strong>{' '}
            {own.problem ? (
              <>
                <span class="badge returned">{t('Can’t be used')}</span> <span class="muted">{own.problem}</span>
              </>
            ) : (
              <>
                <span class="muted">{counted(own.classes, 'Knows {count} class.', 'Knows {count} classes.')}</span>{' '}
                {networks.tryableOn(own.id).some(({ id }) => id === machine.id) && (
                  <button
                    type="button"
                    class="button quiet small"
                    aria-label={t('Try {name} on a frame', { name: own.name })}
                    onClick={() => {
                      const model = { id: own.id, name: own.name, task: 'find', takes: [], by_word: false } as const
                      networks.trying.value = { model: { ...model, takes: [] }, machine: machine.id }
                    }}
                  >
                    {t('Try')}
                  </button>
                )}
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

/** A switch for who manages the machine; for others what it is set to. */
function Maintenance({ networks, machine }: { networks: Networks; machine: MachineOut }) {
  const problem = useSignal('')
  const set = async (resting: boolean) => {
    problem.value = await networks.maintain(machine.id, resting)
  }
  return (
    <div class="machine-maintenance">
      <label>
        <input
          type="checkbox"
          checked={machine.resting}
          disabled={!machine.may_manage}
          onChange={(event) => void set(event.currentTarget.checked)}
        />{' '}
        {t('Maintenance')}
      </label>{' '}
      {machine.resting && (
        <span class="muted">
          {machine.runs.length + machine.runs_elsewhere > 0
            ? t('It finishes its runs and takes no new ones. It answers clicks only where no other machine does.')
            : t('It takes no new runs. It answers clicks only where no other machine does.')}
        </span>
      )}
      {problem.value && (
        <p class="error" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  )
}

function State({ machine }: { machine: MachineOut }) {
  if (machine.state === 'connected') return <span class="badge accepted">{t('Connected')}</span>
  return <span class="badge plain">{machine.state === 'away' ? t('Away') : t('Never seen')}</span>
}

function factsOf(machine: MachineOut): string {
  const models = machine.ready.length
  const seen = machine.last_seen === null ? '' : ago(Date.parse(machine.last_seen), Date.now())
  return [
    machine.host !== machine.name && machine.host,
    machine.version && t('version {version}', { version: machine.version }),
    machine.state === 'connected' && counted(models, '{count} model ready', '{count} models ready'),
    machine.state === 'away' && seen && t('last heard {seen}', { seen }),
  ]
    .filter(Boolean)
    .join(' · ')
}

function Device({ device, at, seconds }: { device: DeviceOut; at: readonly number[]; seconds: number }) {
  const busy = device.busy.at(-1)
  const used = device.used_bytes
  return (
    <section class="device" aria-label={device.name}>
      <h4 title={device.name}>{device.name}</h4>
      <Chart
        name={t('Load')}
        values={device.busy}
        at={at}
        seconds={seconds}
        said={busy === null || busy === undefined ? '–' : t('{percent} %', { percent: Math.round(100 * busy) })}
      />
      <Chart
        name={t('Memory')}
        values={device.memory}
        at={at}
        seconds={seconds}
        said={
          used === null
            ? sizeOf(device.memory_bytes)
            : t('{used} of {all}', { used: sizeOf(used), all: sizeOf(device.memory_bytes) })
        }
      />
    </section>
  )
}

function Runs({ machine }: { machine: MachineOut }) {
  const { runs, runs_elsewhere: elsewhere, runs_at_once: atOnce } = machine
  if (!runs.length && !elsewhere)
    return (
      <p class="muted machine-runs">
        {counted(atOnce, 'Idle. It takes {count} run at a time.', 'Idle. It takes {count} runs at a time.')}
      </p>
    )
  return (
    <ul class="machine-runs" aria-label={t('Runs on {name}', { name: machine.name })}>
      {runs.map((run) => (
        <Run key={run.id} run={run} />
      ))}
      {elsewhere > 0 && (
        <li class="muted">
          {counted(elsewhere, '{count} run of another workspace', '{count} runs of other workspaces')}
        </li>
      )}
    </ul>
  )
}

function Run({ run }: { run: MachineRunOut }) {
  return (
    <li>
      <span class="machine-run-name">
        <a href={`/videos/${run.video}/edit/`}>{run.video_name}</a>{' '}
        <span class="muted">{[run.model_name, run.by].filter(Boolean).join(' · ')}</span>
      </span>
      {run.waits ? (
        <span class="badge plain">{t('Waits for its turn')}</span>
      ) : (
        <progress
          max={Math.max(run.frames_total, 1)}
          value={run.frames_done}
          aria-label={t('Progress in {name}', { name: run.video_name })}
        />
      )}
    </li>
  )
}
